/**
 * A process with a sandbox that runs a Python and a Node.js function, for tests that kill it. Run through ts-loader.mjs;
 * prints one JSON line when all is up, then waits.
 */
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { createSandbox } from '../../src/sandbox/index.ts';
import { PRINTING_HANDLERS } from './function-code.ts';
import { createPipeline } from './pipeline.ts';
import { destroyClients, testClients } from './test-clients.ts';

const stateDir = process.argv[2] ?? '';
const sandbox = await createSandbox({ stateDir });
const clients = testClients(sandbox.url);
const pids: unknown[] = [];
for (const [name, code] of Object.entries(PRINTING_HANDLERS)) {
  await createPipeline(clients, `killed-${name}`, code);
  const { Payload } = await clients.lambda.send(
    new InvokeCommand({ FunctionName: `killed-${name}`, Payload: '{}' }),
  );
  pids.push((JSON.parse(Buffer.from(Payload ?? []).toString('utf8')) as { pid: number }).pid);
}
destroyClients(clients);
process.stdout.write(`${JSON.stringify({ port: sandbox.port, pids })}\n`);
