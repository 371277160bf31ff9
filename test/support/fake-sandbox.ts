/**
 * A process that behaves as `sandbox start` does toward other processes, without AWS services. Run through ts-loader.mjs:
 * `ok` registers itself and serves the control routes, `exit` fails at once, `hang` never gets ready.
 */
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { registerSandbox, unregisterSandbox, type RunningSandbox } from '../../src/sandbox/background.ts';

const mode = process.argv[2];
const journal = process.env.FAKE_SANDBOX_JOURNAL;
const note = (text: string) => {
  if (journal !== undefined) appendFileSync(journal, `${text} ${process.pid}\n`);
};

note('started');
if (mode === 'exit') {
  process.stderr.write('the fake sandbox refuses to start\n');
  process.exit(7);
}
if (mode === 'hang') setInterval(() => undefined, 60_000);
else await serve();

async function serve(): Promise<void> {
  const server = createServer((req, res) => {
    note(`${req.method ?? ''} ${req.url ?? ''}`);
    if (req.url === '/_sandbox/health') {
      res.end(JSON.stringify(identity));
      return;
    }
    res.writeHead(202).end();
    if (req.url !== '/_sandbox/stop') return;
    unregisterSandbox(process.env, identity);
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const identity: RunningSandbox = {
    pid: process.pid,
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    account: '000000000000',
    region: 'us-east-1',
    instance: `fake-${process.pid}`,
    startedAt: new Date().toISOString(),
  };
  await registerSandbox(process.env, identity);
}
