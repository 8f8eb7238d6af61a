import { EVERYTHING, isEverything, matches } from '../src/filter';
import type { SessionFilter } from '../src/filter';
import { CELL, eager, origin, other, outside, session, trans } from './examples';

const SESSIONS = [
  session(1, { name: 'Train', devices: ['CPU:0', 'GPU:0'] }),
  session(2, { origin: origin('serve', 'start', 'serve.py', 3, 'api') }),
  other(3, { is_unused: true }),
  other(4, { kind: 'adopted', name: 'model', target: 'grpc://ps:2222', devices: [] }),
  eager(5, { devices: [] }),
  outside(6, { devices: [] }),
  other(7, { origin: CELL })
];

describe('matches', () => {
  const found = (filter: Partial<SessionFilter>): number[] =>
    SESSIONS.filter(one => matches(one, { ...EVERYTHING, ...filter }, trans)).map(({ id }) => id);

  it.each([
    ['all', [1, 2, 3, 4, 5, 6, 7]],
    ['mine', [1, 2, 5, 6, 7]],
    ['others', [3, 4]],
    ['unused', [3]]
  ] as const)('%s', (choice, ids) => {
    expect(found({ choice })).toEqual(ids);
  });

  it.each([
    ['', [1, 2, 3, 4, 5, 6, 7]],
    ['train', [1]],
    ['PREP', [3, 4]],
    ['gpu', [1]],
    ['ps:2222', [4]],
    [' prep model ', [4]],
    ['nothing', []]
  ])('looks for "%s" in name, origin, server and devices', (text, ids) => {
    expect(found({ text })).toEqual(ids);
  });

  it('looks among those that are chosen', () => {
    expect(found({ choice: 'mine', text: 'prep' })).toEqual([]);
  });
});

describe('isEverything', () => {
  it('is so without words and choice', () => {
    expect(isEverything({ choice: 'all', text: ' ' })).toBe(true);
    expect(isEverything({ choice: 'mine', text: '' })).toBe(false);
    expect(isEverything({ choice: 'all', text: 'a' })).toBe(false);
  });
});
