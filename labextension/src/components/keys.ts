import type * as React from 'react';

/** Move from row to row with the arrow keys, open with right, shut with left. */
export function moveFocus(event: React.KeyboardEvent<HTMLElement>): void {
  const row = (event.target as HTMLElement).closest<HTMLButtonElement>('.tfsess-Row-toggle');
  if (!row) {
    return;
  }
  const rows = [...event.currentTarget.querySelectorAll<HTMLButtonElement>('.tfsess-Row-toggle')];
  const index = rows.indexOf(row);
  const isOpen = row.getAttribute('aria-expanded') === 'true';
  switch (event.key) {
    case 'ArrowDown':
      rows[index + 1]?.focus();
      break;
    case 'ArrowUp':
      rows[index - 1]?.focus();
      break;
    case 'ArrowRight':
      if (!isOpen) {
        row.click();
      }
      break;
    case 'ArrowLeft':
      if (isOpen) {
        row.click();
      }
      break;
    default:
      return;
  }
  event.preventDefault();
}
