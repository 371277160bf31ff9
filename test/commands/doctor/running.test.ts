/** The function is there and admits the event, and cannot run it: or runs for what it did itself. */
import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  DeleteRoleCommand,
  DetachRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateKeyCommand, DisableKeyCommand, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms';
import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  DeleteFunctionConcurrencyCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  PutFunctionRecursionConfigCommand,
  type CreateFunctionCommandInput,
} from '@aws-sdk/client-lambda';
import { describe } from 'vitest';
import { LAMBDA_TRUST, PRINTING_HANDLERS, type FunctionCode } from '../../support/function-code.ts';
import { createJumpingClock } from '../../support/jumping-clock.ts';
import type { TestSandbox } from '../../support/sandbox.ts';
import { shareSandbox } from '../../support/shared-sandbox.ts';
import { allow, configure, deploy, handler, upload } from './handlers.ts';
import { proves } from './scenario.ts';
import { ACCOUNT, BUCKET_ARN, directFunction, filterOf, lambdaRule, permitS3, put, REGION } from './world.ts';

const clock = createJumpingClock();
const sandbox = shareSandbox({ clock });
/** By the clock of this AWS. */
const asks = { clock };

const MINUTE = 60_000;
const wait = (ms: number) => {
  clock.jump(ms);
  return Promise.resolve();
};
/** Longer than doctor looks back. */
const later = () => wait(70 * MINUTE);

const ROLE = 'thumbs-role';
const ROLE_ARN = `arn:aws:iam::${ACCOUNT}:role/${ROLE}`;
const LOGGING = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';
const name = { FunctionName: 'thumbs' };
const SECRET = { Environment: { Variables: { TOKEN: 'secret' } } };

const seed = (world: TestSandbox, metric: string, value: number) => {
  world.metrics.add(
    { region: REGION, namespace: 'AWS/Lambda', name: metric, dimensions: name },
    value,
    clock.now(),
  );
  return Promise.resolve();
};

/** The function is deployed anew under its name, with its permission. */
async function recreate(world: TestSandbox, over: Partial<CreateFunctionCommandInput> = {}): Promise<void> {
  await world.lambda.send(new DeleteFunctionCommand(name));
  await world.lambda.send(
    new CreateFunctionCommand({ ...name, Role: ROLE_ARN, Timeout: 30, ...PRINTING_HANDLERS.node, ...over }),
  );
  await permitS3(world);
}

async function createKey({ kms }: TestSandbox): Promise<string> {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  return KeyMetadata?.Arn ?? '';
}

/** S3 -> a function with a key of its own for its environment. What `breaks` does to the key comes later. */
function withKey() {
  let KeyId = '';
  return {
    setUp: async (world: TestSandbox) => {
      await directFunction(world);
      KeyId = await createKey(world);
      await configure(world, { KMSKeyArn: KeyId, ...SECRET });
    },
    key: () => ({ KeyId }),
  };
}

async function deleteRole({ iam }: TestSandbox): Promise<void> {
  await iam.send(new DetachRolePolicyCommand({ RoleName: ROLE, PolicyArn: LOGGING }));
  await iam.send(new DeleteRoleCommand({ RoleName: ROLE }));
}

const trust = ({ iam }: TestSandbox, PolicyDocument: string) =>
  iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: ROLE, PolicyDocument }));

const limit = ({ lambda }: TestSandbox, ReservedConcurrentExecutions: number) =>
  lambda.send(new PutFunctionConcurrencyCommand({ ...name, ReservedConcurrentExecutions }));

describe('the function is not ready', () => {
  const disabled = withKey();
  const deleted = withKey();
  proves(sandbox, [
    {
      id: 'lambda-pending',
      asks,
      breaks: async (world) => {
        world.faults.add({ effect: { kind: 'function-activation', ms: MINUTE } });
        await recreate(world);
      },
      then: () => wait(MINUTE),
    },
    {
      id: 'lambda-pending',
      when: 'for too long',
      asks,
      breaks: async (world) => {
        world.faults.add({ effect: { kind: 'function-activation', ms: 60 * MINUTE } });
        await recreate(world);
        clock.jump(7 * MINUTE);
      },
      then: async (world) => {
        world.faults.clear();
        await recreate(world);
      },
    },
    {
      id: 'lambda-failed',
      when: 'a key that was disabled before',
      asks,
      breaks: async (world) => {
        const KeyId = await createKey(world);
        await world.kms.send(new DisableKeyCommand({ KeyId }));
        await recreate(world, { KMSKeyArn: KeyId, ...SECRET });
      },
      then: (world) => configure(world, { Description: 'again' }),
    },
    {
      id: 'lambda-failed',
      when: 'a key that is not there',
      asks,
      breaks: (world) =>
        recreate(world, {
          KMSKeyArn: `arn:aws:kms:${REGION}:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`,
        }),
      then: (world) => configure(world, { KMSKeyArn: '' }),
    },
    {
      id: 'lambda-kms-env',
      asks,
      setUp: disabled.setUp,
      breaks: ({ kms }) => kms.send(new DisableKeyCommand(disabled.key())),
    },
    {
      id: 'lambda-kms-env',
      when: 'the key is about to be deleted',
      asks,
      setUp: deleted.setUp,
      breaks: ({ kms }) => kms.send(new ScheduleKeyDeletionCommand(deleted.key())),
    },
    {
      id: 'lambda-kms-env',
      when: 'the role was made anew',
      asks,
      verdict: 'suspected',
      setUp: async (world) => {
        await directFunction(world);
        await configure(world, SECRET);
      },
      breaks: async (world) => {
        await deleteRole(world);
        clock.jump(2 * MINUTE);
        await world.iam.send(
          new CreateRoleCommand({ RoleName: ROLE, AssumeRolePolicyDocument: LAMBDA_TRUST }),
        );
        await world.iam.send(new AttachRolePolicyCommand({ RoleName: ROLE, PolicyArn: LOGGING }));
      },
      then: (world) => configure(world, SECRET),
    },
  ]);
});

describe('Lambda cannot become its role', () => {
  proves(sandbox, [
    { id: 'role-unusable', when: 'it is gone', asks, breaks: deleteRole },
    {
      id: 'role-unusable',
      when: 'it is gone, and an event failed for it',
      asks,
      breaks: async (world) => {
        await deleteRole(world);
        await upload(world);
      },
      then: later,
    },
    {
      id: 'role-unusable',
      when: 'it trusts another service',
      asks,
      breaks: (world) => trust(world, LAMBDA_TRUST.replace('lambda', 'ec2')),
    },
    {
      id: 'role-unusable',
      when: 'it denies Lambda',
      asks,
      breaks: (world) => {
        const policy = JSON.parse(LAMBDA_TRUST) as { Statement: object[] };
        const [statement] = policy.Statement;
        policy.Statement.push({ ...statement, Sid: 'not-now', Effect: 'Deny' });
        return trust(world, JSON.stringify(policy));
      },
      then: (world) => trust(world, LAMBDA_TRUST),
    },
  ]);
});

const FAILING = handler("throw new Error('the thumbnail service said no');");

describe('Lambda holds events back, or gives them up', () => {
  proves(sandbox, [
    { id: 'reserved-concurrency-zero', asks, breaks: (world) => limit(world, 0) },
    {
      id: 'reserved-concurrency-zero',
      when: 'and an event came',
      asks,
      breaks: async (world) => {
        await limit(world, 0);
        await upload(world);
      },
      then: later,
    },
    {
      id: 'throttled',
      asks,
      verdict: 'suspected',
      breaks: async (world) => {
        world.faults.add({
          match: { service: 'lambda', operation: 'Invoke' },
          effect: { kind: 'throttle' },
        });
        await upload(world);
        // It would be minutes until the first attempt that gets through.
        await seed(world, 'AsyncEventAge', 3 * MINUTE);
      },
      then: (world) => {
        world.faults.clear();
        return later();
      },
    },
    {
      id: 'async-event-dropped',
      when: 'after the only attempt',
      asks,
      setUp: (world) => directFunction(world, FAILING),
      breaks: async (world) => {
        await world.lambda.send(
          new PutFunctionEventInvokeConfigCommand({ ...name, MaximumRetryAttempts: 0 }),
        );
        await upload(world);
      },
      then: async (world) => {
        await deploy(world, PRINTING_HANDLERS.node);
        await later();
      },
    },
    {
      id: 'async-event-dropped',
      when: 'after six hours',
      asks,
      breaks: (world) => seed(world, 'AsyncEventsDropped', 2),
      then: later,
    },
    {
      id: 'async-event-dropped',
      when: 'soon, if ever',
      asks,
      verdict: 'risk',
      breaks: ({ lambda }) =>
        lambda.send(new PutFunctionEventInvokeConfigCommand({ ...name, MaximumEventAgeInSeconds: 60 })),
    },
  ]);
});

/** Writes each object again under `out/`, five times at most, as an SDK does it: the request carries the chain's trace on. */
const NESTING: FunctionCode = handler(
  `
  for (const { s3: { bucket, object } } of event.Records) {
    const key = decodeURIComponent(object.key.replace(/\\+/g, ' '));
    if (key.split('out/').length > LIMIT) continue;
    await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: 'out/' + key, Body: 'x' }));
  }`,
  `
import { createRequire } from 'node:module';
const { S3Client, PutObjectCommand } = createRequire(${JSON.stringify(import.meta.url)})('@aws-sdk/client-s3');
const s3 = new S3Client({ forcePathStyle: true, maxAttempts: 1 });
const LIMIT = Number(process.env.LIMIT);
`,
);

async function nesting(world: TestSandbox, times: number): Promise<void> {
  await directFunction(world, NESTING);
  await configure(world, { Environment: { Variables: { LIMIT: String(times) } } });
  await allow(world, { Effect: 'Allow', Action: 's3:PutObject', Resource: `${BUCKET_ARN}/*` });
}

/** Only what does not come from the function itself. */
const narrow = (world: TestSandbox) =>
  put(world, { LambdaFunctionConfigurations: [lambdaRule(filterOf({ prefix: 'in/' }))] });

describe('the function invokes itself', () => {
  proves(sandbox, [
    {
      id: 'recursion-terminated',
      asks,
      setUp: (world) => nesting(world, 40),
      breaks: (world) => upload(world),
      then: async (world) => {
        await narrow(world);
        await later();
      },
    },
    {
      id: 'recursion-runaway',
      asks,
      setUp: (world) => nesting(world, 5),
      breaks: async (world) => {
        await world.lambda.send(new PutFunctionRecursionConfigCommand({ ...name, RecursiveLoop: 'Allow' }));
        await upload(world);
      },
      then: async (world) => {
        await narrow(world);
        await world.lambda.send(new DeleteFunctionConcurrencyCommand(name));
      },
    },
  ]);
});
