import { execFileSync } from 'child_process';
import * as fs from 'fs';
import * as path from 'path';

/** Names of Chromium and its kin, the most wanted first. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const APPLICATIONS = ['Chromium', 'Google Chrome'].map(name => `/Applications/${name}.app/Contents/MacOS/${name}`);

/** Path of the browser to test in: the one in $CHROMIUM, else the system's; undefined for the one that Playwright brings. */
export function findBrowser(): string | undefined {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  const installed = [...NAMES.flatMap(name => folders.map(folder => path.join(folder, name))), ...APPLICATIONS];
  return process.env.CHROMIUM || installed.find(file => fs.existsSync(file));
}

/** Have Playwright bring its browser, where there is no other and it has not done so before. */
export function ensureBrowser(): void {
  if (!findBrowser()) {
    execFileSync(process.execPath, [require.resolve('@playwright/test/cli'), 'install', 'chromium'], {
      stdio: 'inherit'
    });
  }
}
