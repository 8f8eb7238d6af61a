import type { Page } from '@playwright/test';

/** Note what a page's console says of us, or of a comm, as an error or a warning. */
export function noteComplaints(page: Page): string[] {
  const noted: string[] = [];
  const note = (text: string): void => {
    if (/tfsess|\bcomm\b/i.test(text)) {
      noted.push(text);
    }
  };
  page.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warning') {
      note(`${message.text()} ${message.location().url}`);
    }
  });
  page.on('pageerror', error => note(String(error.stack)));
  return noted;
}
