import { parseFunctionReference } from '../core/arn.ts';
import { parseEventNames } from '../core/event-name.ts';
import { suggestEvent } from '../core/event-suggestion.ts';
import { S3evtError } from '../core/errors.ts';
import { bucketNameFault, functionNameFault } from '../core/names.ts';
import { listBuckets, listFunctions } from '../aws/list.ts';
import type { ProjectSettings } from '../project/project-file.ts';
import type { Context } from './context.ts';
import type { InitAnswers, InitInput } from './init.ts';

/** Asks what flags and project file leave open, and only that. Without a person to ask: INPUT_REQUIRED with the flag. */
export async function askInit(input: InitInput, ctx: Context): Promise<InitAnswers> {
  const { settings } = ctx.project;
  const knownBucket = input.bucket ?? settings?.bucket;
  const bucket = knownBucket ?? (await askBucket(ctx));
  const knownFunction = input.function ?? rememberedFunction(settings, bucket);
  const functionName = knownFunction ?? (await askFunction(ctx));
  // Who names both has said what is wanted: the rest has defaults.
  const asked = knownBucket === undefined || knownFunction === undefined;
  const events = input.events ?? (asked ? await askEvents(ctx) : ['s3:ObjectCreated:*']);
  const prefix = input.prefix ?? (asked ? await askFilter('prefix', 'uploads/', ctx) : '');
  const suffixes = input.suffixes ?? (asked ? splitSuffixes(await askFilter('suffix', '.jpeg', ctx)) : []);
  return { bucket, function: functionName, events, prefix, suffixes, asked };
}

/** The project's function, with the version or alias that its rule on the bucket names. */
function rememberedFunction(settings: ProjectSettings | undefined, bucket: string): string | undefined {
  if (settings?.function === undefined || settings.bucket !== bucket) return undefined;
  const rule = settings.made?.findLast((made) => made.kind === 'rule' && made.bucket === bucket);
  const reference = parseFunctionReference(rule?.function ?? '');
  if (reference?.name !== settings.function || reference.qualifier === undefined) return settings.function;
  return `${reference.name}:${reference.qualifier}`;
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

async function askFunction(ctx: Context): Promise<string> {
  const flag = '--function NAME';
  if (!ctx.ask.interactive) return ctx.ask.text({ message: 'Function', flag });
  const functions = await listFunctions(ctx.aws).catch((error: unknown) => {
    if (error instanceof S3evtError && error.code === 'ACCESS_DENIED') return [];
    throw error;
  });
  const picked =
    functions.length === 0
      ? NEW
      : await ctx.ask.choose<string | typeof NEW>({
          message: 'Which function receives the events?',
          flag,
          choices: [
            { value: NEW, name: 'Create a new function that prints every event' },
            ...functions.map(({ name, runtime }) => ({
              value: name,
              name,
              description: runtime ?? 'container image',
            })),
          ],
        });
  if (picked !== NEW) return picked;
  return ctx.ask.text({
    message: 'Name of the function',
    flag,
    initial: 'Demo-S3',
    validate: functionNameFault,
  });
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
