import { ensureBrowser } from './browser';
import { startServer } from './server';

/** See to a browser, start the server that every test uses, and return what ends it. */
export default async function globalSetup(): Promise<() => Promise<void>> {
  ensureBrowser();
  const server = await startServer(process.env.TFSESS_ENVIRONMENT);
  process.env.TFSESS_SERVER = server.url;
  process.env.TFSESS_ROOT = server.root;
  process.env.TFSESS_START = server.start;
  return server.stop;
}
