import type { Page } from '@playwright/test';

import type { SeenRow } from '../support/lab';
import { endCell, writeNotebook } from '../support/lab';
import { expect, test } from '../support/test';

const TIMES = 25;

interface Message {
  at: number;
  text: string;
}
declare global {
  interface Window {
    messages: Message[];
  }
}

/** What happens in the kernel, with the moment of each event. */
const EVENTS = `
import os, threading, time
import tfsess_magics
times = {}
def note(what):
    times.setdefault(what, []).append(time.time())
def work(kind):
    counted = tfsess_magics.session(f"counted-{kind}")
    with counted as session:
        op = tf.constant(1)
        session.run(op)
    time.sleep(1)
    for number in range(${TIMES}):
        note(f"open {kind}")
        opened = tfsess_magics.session(f"{kind}-{number}")
        opened.__enter__()
        time.sleep(0.4)
        note(f"state {kind}")
        opened.__exit__(None, None, None)
        time.sleep(0.4)
        note(f"counters {kind}")
        session.run(op)
        time.sleep(0.6)
`;

test('measure', async ({ kernel, lab, name, page }) => {
  await page.addInitScript(recordMessages);
  writeNotebook(`${name}.ipynb`, [
    EVENTS,
    'work("busy")\nprint("over")',
    'thread = threading.Thread(target=work, args=("idle",))\nthread.start()',
    '%tfsession close --all\n%tfsession new orders',
    `while not os.path.exists("${name}.end"):\n    time.sleep(0.02)`
  ]);
  await kernel.serve(`${name}.ipynb`);
  await lab.open(`${name}.ipynb`);
  await lab.recordRows();
  await lab.run(0);
  await lab.run(1, 120_000);
  await lab.run(2);
  await kernel.execute('pass');
  await page.waitForFunction(
    last => document.querySelector('#tfsess-magics-panel')?.textContent?.includes(last),
    `idle-${TIMES - 1}`,
    { timeout: 120_000 }
  );
  await kernel.execute('thread.join()');
  await page.waitForTimeout(1000);
  const times = await kernel.evaluate<Record<string, number[]>>('times');
  const rows = await lab.recordedRows();
  const results: Record<string, number[]> = {};
  for (const kind of ['idle', 'busy']) {
    const until = (index: number, event: string, is: (row: SeenRow) => boolean): number => {
      const from = times[`${event} ${kind}`][index] * 1000;
      return (rows.find(row => row.at >= from && is(row))?.at ?? NaN) - from;
    };
    const all = [...Array(TIMES).keys()];
    results[`open, ${kind}`] = all.map(i => until(i, 'open', row => row.name === `${kind}-${i}`));
    results[`change of state, ${kind}`] = all.map(i =>
      until(i, 'state', row => row.name === `${kind}-${i}` && row.state === 'idle')
    );
    results[`counters, ${kind}`] = all.map(i =>
      until(i, 'counters', row => row.name === `counted-${kind}` && row.text.includes(`· ${i + 2} runs`))
    );
  }
  await lab.run(3);
  results['order to reply, idle'] = await orders(page);
  await lab.start(4);
  await expect(lab.prompt(4)).toHaveText('[*]:');
  results['order to reply, busy'] = await orders(page);
  endCell(name);
  await expect(lab.prompt(4)).toHaveText(/\[\d+\]:/);
  print(`\n${'ms'.padEnd(26)}  median     p90     max   n`);
  for (const [what, values] of Object.entries(results)) {
    const sorted = [...values].sort((one, other) => one - other);
    const at = (share: number): string =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))].toFixed(0);
    print(`${what.padEnd(26)}  ${at(0.5).padStart(6)}  ${at(0.9).padStart(6)}  ${at(1).padStart(6)}  ${values.length}`);
  }
});

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Reset the session `orders` again and again, and return how long each reply took. */
async function orders(page: Page): Promise<number[]> {
  const durations: number[] = [];
  for (let number = 0; number < TIMES; number++) {
    await page.evaluate(() => (window.messages.length = 0) as unknown);
    await page.evaluate(() => document.querySelector<HTMLElement>('[aria-label="Reset orders"]')!.click());
    await page.evaluate(async () => {
      const accept = (): HTMLElement | null => document.querySelector('.jp-Dialog .jp-mod-warn');
      while (!accept()) {
        await new Promise(requestAnimationFrame);
      }
      accept()!.click();
    });
    await page.waitForFunction(() => window.messages.some(({ text }) => text.includes('"done"')));
    await page.waitForFunction(() => !document.querySelector('.jp-Dialog'));
    durations.push(
      await page.evaluate(() => {
        const at = (what: string): number => window.messages.find(({ text }) => text.includes(what))!.at;
        return at('"done"') - at('"reset"');
      })
    );
  }
  return durations;
}

/** In the page: note every message to and from kernels. */
function recordMessages(): void {
  window.messages = [];
  const note = (data: unknown): void => {
    const text = data instanceof ArrayBuffer ? new TextDecoder().decode(data) : String(data);
    window.messages.push({ at: performance.now(), text });
  };
  const Original = window.WebSocket;
  window.WebSocket = class extends Original {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols);
      this.addEventListener('message', ({ data }) => note(data));
    }
    override send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
      note(data);
      super.send(data);
    }
  };
}
