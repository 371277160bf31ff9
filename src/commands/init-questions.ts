import { parseArn, parseFunctionReference } from '../core/arn.ts';
import { parseEventNames } from '../core/event-name.ts';
import { suggestEvent } from '../core/event-suggestion.ts';
import { S3evtError } from '../core/errors.ts';
import { bucketNameFault, functionNameFault } from '../core/names.ts';
import { listBuckets, listFunctions } from '../aws/list.ts';
import type { Destination } from '../core/notification.ts';
import type { ProjectSettings } from '../project/project-file.ts';
import type { Context } from './context.ts';
import type { InitAnswers, InitInput, WantedDestination } from './init.ts';
import { destinationFault, eventTargetFault, fifoFault } from './init-checks.ts';

/** Asks what flags and project file leave open, and only that. Without a person to ask: INPUT_REQUIRED with the flag. */
export async function askInit(input: InitInput, ctx: Context): Promise<InitAnswers> {
  const { settings } = ctx.project;
  const knownBucket = input.bucket ?? settings?.bucket;
  const bucket = knownBucket ?? (await askBucket(ctx));
  const known = input.destination ?? rememberedDestination(settings, bucket);
  const destination = known ?? (await askDestination(input.destinationKind, ctx));
  // Who names both has said what is wanted: the rest has defaults.
  const asked = knownBucket === undefined || known === undefined;
  const eventTarget = input.eventTarget ?? (asked ? await askTarget(destination, ctx) : undefined);
  // Without a rule on the event bus there is nothing that could choose among events.
  if (destination.kind === 'eventbridge' && destination.reference === '') {
    const { events = [], prefix = '', suffixes = [] } = input;
    return { bucket, destination, eventTarget, events, prefix, suffixes, asked };
  }
  const events = input.events ?? (asked ? await askEvents(ctx) : ['s3:ObjectCreated:*']);
  const prefix = input.prefix ?? (asked ? await askFilter('prefix', 'uploads/', ctx) : '');
  const suffixes = input.suffixes ?? (asked ? splitSuffixes(await askFilter('suffix', '.jpeg', ctx)) : []);
  return { bucket, destination, eventTarget, events, prefix, suffixes, asked };
}

/** Where the project's last rule on the bucket leads; else its function, whose rule is not made yet. */
function rememberedDestination(
  settings: ProjectSettings | undefined,
  bucket: string,
): WantedDestination | undefined {
  if (settings?.bucket !== bucket) return undefined;
  const made = (settings.made ?? []).filter((entry) => entry.bucket === bucket);
  const rule = made.at(-1);
  if (rule?.kind === 'event-rule' || rule?.kind === 'eventbridge') {
    const eventRule = made.findLast(({ kind }) => kind === 'event-rule');
    return { kind: 'eventbridge', reference: eventRule?.name ?? '' };
  }
  const arn = rule?.function ?? '';
  const service = parseArn(arn)?.service;
  if (service === 'sqs' || service === 'sns') return { kind: service, reference: arn };
  if (settings.function === undefined) return undefined;
  const fn = parseFunctionReference(arn);
  const isQualified = fn?.name === settings.function && fn.qualifier !== undefined;
  const reference = isQualified ? `${fn.name}:${fn.qualifier}` : settings.function;
  return { kind: 'lambda', reference };
}

/** `.jpg,.png` is one rule for each. */
export function splitSuffixes(text: string): readonly string[] {
  return text
    .split(',')
    .map((suffix) => suffix.trim())
    .filter((suffix) => suffix !== '');
}

const NEW = Symbol('new');

async function askBucket(ctx: Context): Promise<string> {
  const flag = '--bucket NAME';
  if (!ctx.ask.interactive) return ctx.ask.text({ message: 'Bucket', flag });
  // Who may not list buckets can still name one.
  const buckets = await listBuckets(ctx.aws).catch((error: unknown) => {
    if (error instanceof S3evtError && error.code === 'ACCESS_DENIED') return [];
    throw error;
  });
  const picked =
    buckets.length === 0
      ? NEW
      : await ctx.ask.choose<string | typeof NEW>({
          message: 'Which bucket?',
          flag,
          choices: [
            { value: NEW, name: 'Create a new bucket' },
            ...buckets.map((bucket) => ({
              value: bucket.name,
              name: bucket.name,
              description: bucket.region ?? '',
            })),
          ],
        });
  if (picked !== NEW) return picked;
  return ctx.ask.text({
    message: 'Name of the bucket',
    flag,
    initial: `s3evt-demo-${ctx.randomHex(8)}`,
    validate: bucketNameFault,
  });
}

/** One question for all kinds: the functions that are there, and what else S3 can send to. */
async function askDestination(
  given: Destination['kind'] | undefined,
  ctx: Context,
): Promise<WantedDestination> {
  if (!ctx.ask.interactive) {
    const kind = given ?? 'lambda';
    const noun = NOUNS[kind];
    const message = `${noun.slice(0, 1).toUpperCase()}${noun.slice(1)}`;
    return { kind, reference: await ctx.ask.text({ message, flag: `--${noun} NAME` }) };
  }
  if (given === 'sqs' || given === 'sns') return askMessaging(given, ctx);
  const functions = await listFunctions(ctx.aws).catch((error: unknown) => {
    if (error instanceof S3evtError && error.code === 'ACCESS_DENIED') return [];
    throw error;
  });
  if (given === 'lambda' && functions.length === 0) return askNewFunction(ctx);
  const picked = await ctx.ask.choose<string | typeof NEW>({
    message: 'What receives the events?',
    flag: '--function NAME',
    choices: [
      { value: NEW, name: 'Create a new function that prints every event' },
      ...functions.map(({ name, runtime }) => ({
        // With the service before it no function's name is taken for another choice.
        value: `lambda:${name}`,
        name,
        description: runtime ?? 'container image',
      })),
      ...(given === undefined
        ? ([
            { value: 'sqs', name: 'An SQS queue', description: 'new or existing' },
            { value: 'sns', name: 'An SNS topic', description: 'new or existing' },
            { value: 'eventbridge', name: 'EventBridge', description: 'the default event bus' },
          ] as const)
        : []),
    ],
  });
  if (picked === NEW) return askNewFunction(ctx);
  if (picked === 'sqs' || picked === 'sns') return askMessaging(picked, ctx);
  if (picked === 'eventbridge') return askEventRule(ctx);
  return { kind: 'lambda', reference: picked.slice('lambda:'.length) };
}

const NOUNS = { lambda: 'function', sqs: 'queue', sns: 'topic' } as const;

async function askEventRule(ctx: Context): Promise<WantedDestination> {
  const kind = 'eventbridge';
  const reference = await ctx.ask.text({
    message: 'Name of a rule on the event bus that takes the events (empty: none)',
    flag: '--event-rule NAME',
    initial: '',
    validate: (text) => destinationFault({ kind, reference: text }),
  });
  return { kind, reference };
}

async function askTarget({ kind, reference }: WantedDestination, ctx: Context): Promise<string | undefined> {
  if (kind !== 'eventbridge' || reference === '') return undefined;
  const arn = await ctx.ask.text({
    message: 'ARN of the function, queue or topic that receives them (empty: none)',
    flag: '--target ARN',
    initial: '',
    validate: (text) => (text === '' ? undefined : eventTargetFault(text)),
  });
  return arn === '' ? undefined : arn;
}

async function askNewFunction(ctx: Context): Promise<WantedDestination> {
  const reference = await ctx.ask.text({
    message: 'Name of the function',
    flag: '--function NAME',
    initial: 'Demo-S3',
    validate: functionNameFault,
  });
  return { kind: 'lambda', reference };
}

async function askMessaging(kind: 'sqs' | 'sns', ctx: Context): Promise<WantedDestination> {
  const reference = await ctx.ask.text({
    message: `Name or ARN of the ${NOUNS[kind]} (a new name creates it)`,
    flag: `--${NOUNS[kind]} NAME`,
    initial: 's3-events',
    validate: (text) => {
      const named = { kind, reference: text };
      return destinationFault(named) ?? fifoFault(named);
    },
  });
  return { kind, reference };
}

const OTHER = 'other';

async function askEvents(ctx: Context): Promise<readonly string[]> {
  const flag = '--event NAME';
  const picked = await ctx.ask.choose<readonly string[] | typeof OTHER>({
    message: 'Which events?',
    flag,
    choices: [
      {
        value: ['s3:ObjectCreated:*'],
        name: 'Objects created',
        description: 'put, post, copy and multipart upload',
      },
      { value: ['s3:ObjectRemoved:*'], name: 'Objects removed', description: 'deletions and delete markers' },
      { value: ['s3:ObjectCreated:*', 's3:ObjectRemoved:*'], name: 'Objects created or removed' },
      { value: OTHER, name: 'Others, by name' },
    ],
  });
  if (picked !== OTHER) return picked;
  const answer = await ctx.ask.text({
    message: 'Event names, with commas between',
    flag,
    initial: 's3:ObjectTagging:*',
    validate: (text) => {
      const wrong = text.split(',').find((name) => parseEventNames(name) === undefined);
      if (wrong === undefined) return undefined;
      const near = suggestEvent(wrong.trim());
      return `S3 has no event "${wrong.trim()}"${near === undefined ? '' : `; did you mean ${near}?`}`;
    },
  });
  return [...new Set(answer.split(',').flatMap((name) => parseEventNames(name) ?? []))];
}

function askFilter(which: 'prefix' | 'suffix', example: string, ctx: Context): Promise<string> {
  return ctx.ask.text({
    message: `Only keys with this ${which}, such as ${example} (empty: all)`,
    flag: `--${which} TEXT`,
    initial: '',
  });
}
