import { expect } from '@playwright/test';

import type { Lab } from './lab';

/** Cells that make a session `train` with a variable, a step that changes it, and an operation that waits for ever. */
export const PREPARE = [
  '%config SessionMagics.waits_after = 0.2',
  `%%tfsession train
import numpy, tensorflow as tf
v = tf.compat.v1.get_variable("v", initializer=numpy.arange(3.0))
v.initializer.run()
step = tf.compat.v1.assign_add(v, [1.0, 1.0, 1.0])
step.eval()
waits = tf.compat.v1.FIFOQueue(1, tf.float32, name="queue").dequeue()`
];

/** A cell that runs what waits. */
export const BLOCKED = '%%tfsession train\nwaits.eval()';

/** A cell that goes round a loop that never ends. */
export const LOOPS = `%%tfsession train
(loops,) = tf.while_loop(lambda i: i >= 0, lambda i: i * 1, [tf.constant(1)])
loops.eval()`;

/** A cell that runs the step. */
export const GOES_ON = '%%tfsession train\nprint("now", step.eval().tolist())';

/** Run a cell that waits, stop it with the button, and run the next one, which runs the step. */
export async function stopAndTrainOn(lab: Lab, cell: number): Promise<void> {
  await lab.start(cell);
  const row = lab.row('train');
  await expect(row).toContainText("waiting on dequeue from 'queue', which is empty, and nothing enqueues");
  await row.hover();
  await lab.button('Stop', 'train').click();
  await expect(lab.output(cell)).toContainText('SessionStopped');
  await expect(lab.output(cell)).toContainText('Kept: 1 variable (24 B)');
  await lab.ended(cell);
  await lab.run(cell + 1);
  await expect(lab.output(cell + 1)).toContainText('now [2.0, 3.0, 4.0]');
  await expect(lab.button('Stop', 'train')).toHaveCount(0);
}
