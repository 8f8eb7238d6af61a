import './base.css';
import './empty.css';
import './filter.css';
import './group.css';
import './row.css';
import './details.css';
import './action.css';
import './dialog.css';
