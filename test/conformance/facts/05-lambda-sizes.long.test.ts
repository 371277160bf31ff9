/** Limits that take packages of their size to see. */
import { randomFillSync } from 'node:crypto';
import { CreateFunctionCommand } from '@aws-sdk/client-lambda';
import { zipSync } from 'fflate';
import { PRINTING_HANDLERS } from '../../support/function-code.ts';
import { describeFacts, shared, type Target } from './harness.ts';
import { refused } from './refused.ts';
import { executionRole } from './resources.ts';

const role = shared(executionRole);

async function create(t: Target, ZipFile: Uint8Array) {
  return t.lambda.send(
    new CreateFunctionCommand({
      ...PRINTING_HANDLERS.node,
      FunctionName: t.name('f'),
      Role: await role(t),
      Code: { ZipFile },
    }),
  );
}

const stored = (bytes: number) => zipSync({ 'app.mjs': randomFillSync(new Uint8Array(bytes)) }, { level: 0 });

describeFacts('5.2 sizes', [
  refused(
    {
      id: '5.2-unzipped-too-big',
      source: 'AWS-recorded',
      expectation: 'code has at most 262,144,000 bytes unzipped',
    },
    (t) => create(t, zipSync({ 'app.mjs': new Uint8Array(262_144_000) }, { level: 1 })),
    {
      status: 400,
      code: 'InvalidParameterValueException',
      message: 'Unzipped size must be smaller than 262144000 bytes',
    },
  ),
  refused(
    {
      id: '5.2-zipped-too-big',
      source: 'AWS-recorded',
      expectation: 'a package has at most 52,428,800 bytes',
    },
    (t) => create(t, stored(52_428_801)),
    {
      status: 413,
      code: 'RequestEntityTooLargeException',
      message: 'Zipped size must be smaller than 52428800 bytes',
    },
  ),
  refused(
    {
      id: '5.2-request-too-big',
      source: 'AWS-recorded',
      expectation: 'a request has at most 70,167,211 bytes',
    },
    (t) => create(t, stored(53_000_000)),
    {
      status: 413,
      code: 'RequestEntityTooLargeException',
      message: 'Request must be smaller than 70167211 bytes for the CreateFunction operation',
    },
  ),
]);
