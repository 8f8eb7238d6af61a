import { createElement } from '../src/components/element';
import { Row } from '../src/components/row';
import { eager, session } from './examples';
import { Rendered } from './render';

describe('the row of a session in which every cell runs', () => {
  let page: Rendered;

  beforeEach(() => {
    page = new Rendered();
  });

  afterEach(() => {
    page.dispose();
  });

  it.each([
    [session(1, { is_used: true }), /^idle · every cell runs in it · CPU:0/],
    [eager(2, { is_used: true }), /^idle · every cell runs in it · eager/]
  ])('says so', (shown, facts) => {
    page.show(<Row kernel="k1" session={shown} clockAhead={0} />);
    expect(page.find('.tfsess-Row-facts').textContent).toMatch(facts);
  });
});
