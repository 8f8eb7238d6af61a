import { countVariables, formatBytes, formatDuration, formatElapsed, formatShape } from '../src/format';
import { trans } from './examples';

describe('format', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [22439526, '21.4 MiB'],
    [25339494400, '23.6 GiB'],
    [2 ** 52, '4096.0 TiB']
  ])('writes %d bytes as the tables of the kernel do: %s', (nbytes, text) => {
    expect(formatBytes(nbytes)).toBe(text);
  });

  it.each([
    [0.031, '31 ms'],
    [0.0001234, '0.123 ms'],
    [3.14, '3.1 s'],
    [725, '12:05']
  ])('writes a duration of %d seconds as %s', (seconds, text) => {
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
