import type { Origin } from '../src/protocol';
import {
  explainKind,
  labelOrigin,
  moduleOf,
  writeGrowth,
  writeMark,
  writeOrigin,
  writePlace,
  writeTarget
} from '../src/text';
import { CELL, commonWords, MODULES, origin, other, session, trans } from './examples';

describe('An origin', () => {
  it.each(commonWords().origins)('is written as the kernel writes it: %j', (made, text) => {
    expect(writeOrigin(made, trans)).toBe(text);
  });

  it.each<[string, Origin, string, string]>([
    ['cell 4', CELL, '', ''],
    ['prep.io', origin('prep.io', 'load', 'prep/io.py', 7), 'prep/io.py:7', 'prep.io'],
    ['prep', origin('prep', '<module>', 'prep/__init__.py', 1), 'prep/__init__.py:1', 'prep'],
    [
      'tf_keras…backend',
      origin('tf_keras.src.backend', '_get', 'src/backend.py', 761),
      'src/backend.py:761',
      'tf_keras.src.backend'
    ],
    ['ordinary cells and modules', MODULES, '', ''],
    ['code that ran before tfsess_magics was loaded', origin('', '', '', 0), '', '']
  ])('has a label: %s', (label, made, place, module) => {
    expect(labelOrigin(made, trans)).toBe(label);
    expect(writePlace(made)).toBe(place);
    expect(moduleOf(made)).toBe(module);
  });
});

describe('A kind', () => {
  it.each(commonWords().kinds)('is explained as the kernel explains it: %s', (kind, text) => {
    expect(explainKind({ kind }, trans)).toBe(text);
  });
});

describe('Growth', () => {
  it.each(commonWords().growths)('is written as the kernel writes it: %j', (growth, text) => {
    expect(writeGrowth(growth, trans)).toBe(text);
  });
});

describe('A mark', () => {
  it.each(commonWords().marks)('is written as the kernel writes it: %j', (mark, text) => {
    expect(writeMark(mark, trans)).toBe(text);
  });
});

describe('A server', () => {
  it.each([
    [null, 'grpc://ps:2222'],
    [true, 'grpc://ps:2222'],
    [false, 'grpc://ps:2222, which does not answer']
  ])('that answers: %s', (answers, text) => {
    expect(writeTarget(other(1, { target: 'grpc://ps:2222', answers }), trans)).toBe(text);
  });

  it('is none for a session in the process of the kernel', () => {
    expect(writeTarget(session(1), trans)).toBe('');
  });
});
