import { countVariables, formatBytes, formatDuration, formatElapsed, formatShape } from '../src/format';
import { commonWords, trans } from './examples';

describe('format', () => {
  it.each(commonWords().bytes)('writes %d bytes as the kernel does: %s', (nbytes, text) => {
    expect(formatBytes(nbytes)).toBe(text);
  });

  it.each(commonWords().durations)('writes a duration of %d seconds as the kernel does: %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  it.each([
    [-1, '0:00'],
    [12.9, '0:12'],
    [3725, '1:02:05']
  ])('writes %d elapsed seconds as %s', (seconds, text) => {
    expect(formatElapsed(seconds)).toBe(text);
  });

  it('writes shapes as TensorFlow does', () => {
    expect(formatShape([20000, 1024])).toBe('(20000, 1024)');
    expect(formatShape([1000])).toBe('(1000,)');
    expect(formatShape([null, 3])).toBe('(None, 3)');
    expect(formatShape([null])).toBe('(None,)');
    expect(formatShape([])).toBe('()');
    expect(formatShape(null)).toBe('<unknown>');
  });

  it('counts in the singular and the plural', () => {
    expect(countVariables(1, trans)).toBe('1 variable');
    expect(countVariables(1204, trans)).toBe('1,204 variables');
  });
});
