import { shortenOrigin } from '../src/origin';

describe('shortenOrigin', () => {
  it.each([
    ['cell 4', 'cell 4', '', ''],
    ['prep.io:load prep/io.py:7', 'prep.io', 'prep/io.py:7', 'prep.io'],
    ['prep prep/__init__.py:1', 'prep', 'prep/__init__.py:1', 'prep'],
    ['tf_keras.src.backend:_get src/backend.py:761', 'tf_keras…backend', 'src/backend.py:761', 'tf_keras.src.backend'],
    ['a:f my folder/a.py:2', 'a', 'my folder/a.py:2', 'a'],
    ['code that ran before tfsess_magics was loaded', 'code that ran before tfsess_magics was loaded', '', '']
  ])('%s', (origin, label, place, module) => {
    expect(shortenOrigin(origin)).toEqual({ label, place, module });
  });
});
