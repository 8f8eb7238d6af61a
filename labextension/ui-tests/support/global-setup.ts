import { startServer } from './server';

/** Start the server that every test uses, and return what ends it. */
export default async function globalSetup(): Promise<() => Promise<void>> {
  const server = await startServer();
  process.env.TFSESS_SERVER = server.url;
  process.env.TFSESS_ROOT = server.root;
  return server.stop;
}
