// Answers that are made once, from a thread of their own: the bench waits for its children, and an emulator would be what is measured.
import { Worker } from 'node:worker_threads';

/** Calls `use` with the endpoint of a server that serves what `answers.js` makes for `data`. */
export async function withStaticServer(data, use) {
  const server = new Worker(new URL('answers.js', import.meta.url), { workerData: data });
  try {
    const port = await new Promise((resolve, reject) =>
      server.once('message', resolve).once('error', reject),
    );
    return await use(`http://127.0.0.1:${port}`);
  } finally {
    await server.terminate();
  }
}
