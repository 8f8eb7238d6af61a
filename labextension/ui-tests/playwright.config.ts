import { defineConfig } from '@playwright/test';

import { findBrowser } from './support/browser';

export default defineConfig({
  globalSetup: './support/global-setup',
  fullyParallel: false,
  forbidOnly: true,
  workers: 2, // a file at a time each, with a profile and a shared kernel of its own, on one server
  retries: 0,
  timeout: 240_000,
  expect: { timeout: 60_000 },
  reporter: [['list', { printSteps: false }]],
  use: {
    viewport: { width: 1280, height: 800 },
    trace: process.env.TRACE ? 'on' : 'off', // it looks at the whole page at every step
    launchOptions: {
      executablePath: findBrowser(),
      args: [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync'
      ]
    }
  },
  projects: [
    { name: 'tests', testDir: './tests' },
    { name: 'older', testDir: './older', timeout: 60_000 },
    { name: 'measure', testDir: './measure', timeout: 300_000 },
    { name: 'screenshots', testDir: './looks', timeout: 120_000 }
  ]
});
