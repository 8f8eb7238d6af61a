import type { Page } from '@playwright/test';

/** Have questions wait for what the kernel says besides, however long that takes. */
export async function waitForDetails(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const own = window.setTimeout;
    // That timer is set by the click; others of 1 s serve other ends.
    const patient = (handler: TimerHandler, delay?: number, ...rest: unknown[]): number =>
      own(handler, delay === 1000 && window.event?.type === 'click' ? 1e6 : delay, ...rest);
    window.setTimeout = patient as typeof window.setTimeout;
  });
}

/** Have JupyterLab hold back what it has for a kernel until that answers, and not for 3 s only. */
export async function holdBack(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const own = window.setTimeout;
    const held = (handler: TimerHandler, delay?: number, ...rest: unknown[]): number =>
      delay === 3000 ? 0 : own(handler, delay, ...rest);
    window.setTimeout = held as typeof window.setTimeout;
  });
}
