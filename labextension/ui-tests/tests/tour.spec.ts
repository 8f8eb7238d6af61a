import { expect, test } from '../support/test';
import { Tour } from '../support/tour';

/** Floats in the variables of `train`, as its cells make them; Adam keeps two more of each, and two numbers. */
const NETWORK = [3 * 3 * 1 * 32, 32, 8 * 8 * 32 * 64, 64, 64 * 10, 10];
const MAP = [64 * 32, 32, 32 * 2, 2];
const VARIABLES = ascending([NETWORK, MAP].flatMap(sizes => [...sizes, ...sizes, ...sizes, 1, 1]));
const NBYTES = 4 * sum(VARIABLES);
const TRAIN = '__import__("tfsess_magics").get("train")';

/** Name, shape and bytes of each variable of `train`, by its graph and by the values themselves. */
const TRUTH = `(lambda named, variables: [
  [variable.op.name, variable.shape.as_list(), value.nbytes] for variable, value in zip(variables, named.session.run(variables))
])(${TRAIN}, ${TRAIN}.graph.get_collection("variables"))`;

const OUTSIDE = 'eager (outside any scope)';

test.use({ deviceScaleFactor: 1.5, viewport: { width: 1320, height: 1040 } });

test('the tour: both sessions are listed with their bytes, one is reset and one closed by clicking', async ({
  lab
}) => {
  test.setTimeout(240_000);
  const tour = await Tour.open(lab);
  expect(await tour.run('title', 'map')).toBe(true);
  await lab.toggle('train').click();
  await expect(lab.row('train')).toContainText('hidden/weights');
  await tour.takePicture('map');
  expect(await tour.run('keras-text', 'close-text')).toBe(true);
  await expect(lab.rows).toHaveCount(3); // the Keras model of ordinary cells has one

  const kernel = await tour.kernel();
  const told = '[[session.name, session.variables_nbytes] for session in __import__("tfsess_magics").sessions()]';
  const [prep, train, [outside, eager]] = await kernel.evaluate<[string, number][]>(told);
  expect([prep, train, outside]).toEqual([['prep', 0], ['train', NBYTES], OUTSIDE]);
  await expect(lab.bytes(OUTSIDE)).toHaveText(shown(eager));
  const truth = await kernel.evaluate<[string, number[], number][]>(TRUTH);
  expect(ascending(truth.map(([, shape]) => shape.reduce((floats, size) => floats * size, 1)))).toEqual(VARIABLES);
  expect(sum(truth.map(([, , nbytes]) => nbytes))).toBe(NBYTES);
  await expect(lab.bytes('prep')).toHaveText('0 B');
  await expect(lab.bytes('train')).toHaveText(shown(NBYTES));
  await expect(lab.panel).toContainText(`3 sessions · ${shown(NBYTES + eager)} in variables`);
  const lines = lab
    .row('train')
    .getByRole('row')
    .filter({ has: lab.page.getByRole('cell') });
  await expect(lines).toHaveCount(truth.length);
  for (const [name, , nbytes] of truth) {
    const line = lines.filter({ hasText: new RegExp(`^${name} `) });
    await expect(line.getByRole('cell').last()).toHaveText(shown(nbytes));
  }

  expect(await tour.run('close', 'end')).toBe(true); // closes `prep`
  await expect(lab.rows).toHaveCount(2);
  expect(await tour.run('prep-plane')).toBe(true);
  await expect(lab.rows).toHaveCount(3);
  await lab.order('Reset', 'train', new RegExp(`${VARIABLES.length} variables \\(${shown(NBYTES)}\\)`));
  await expect(lab.outcome).toContainText('reset train: its graph is empty now');
  await expect(lab.row('train')).toContainText('empty graph');
  await expect(lab.bytes('train')).toHaveText('0 B');
  await lab.order('Close', 'prep');
  await expect(lab.outcome).toContainText('closed prep');
  await expect(lab.rows).toHaveCount(2);

  expect(await kernel.sessions()).toEqual(['train', OUTSIDE]);
  expect(await kernel.evaluate(`${TRAIN}.generation`)).toBe(2);
  expect(await kernel.evaluate(`len(${TRAIN}.graph.get_operations())`)).toBe(0);
  await kernel.shutDown();
});

function ascending(numbers: readonly number[]): number[] {
  return [...numbers].sort((one, other) => one - other);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number);
}

function shown(nbytes: number): string {
  const steps = Math.max(0, Math.floor(Math.log2(nbytes) / 10));
  return steps === 0 ? `${nbytes} B` : `${(nbytes / 1024 ** steps).toFixed(1)} ${['KiB', 'MiB'][steps - 1]}`;
}
