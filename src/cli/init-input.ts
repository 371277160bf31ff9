import type { InitInput, WantedDestination } from '../commands/init.ts';
import { eventTargetFault } from '../commands/init-checks.ts';
import { splitSuffixes } from '../commands/init-questions.ts';
import { parseArn } from '../core/arn.ts';
import { S3evtError } from '../core/errors.ts';
import { didYouMean } from '../core/did-you-mean.ts';
import { bucketFlag, oneBucket, eventFlag, runtimeFlag } from './flags.ts';
import type { Host } from './host.ts';
import { readText } from './read-text.ts';

/** The flags of `init`, as commander leaves them or as a file of --from holds them. */
export interface InitFlags {
  readonly argument?: string;
  readonly bucket?: string;
  readonly function?: string;
  readonly queue?: string;
  readonly topic?: string;
  readonly destination?: WantedDestination['kind'];
  readonly destinationArn?: string;
  readonly eventRule?: string;
  readonly target?: string;
  readonly deadLetter?: string | true;
  readonly versioning?: boolean;
  readonly allowKey?: boolean;
  readonly runtime?: string;
  readonly template?: string;
  readonly roleArn?: string;
  readonly event?: readonly string[];
  readonly prefix?: string;
  readonly suffix?: string;
  readonly id?: string;
  readonly dryRun?: boolean;
  readonly removeDeadRules?: boolean;
  readonly from?: string;
  readonly save?: boolean;
  readonly yes?: boolean | undefined;
}

/** Argument, flags and the file of --from, in this order of strength. Throws S3evtError. */
export async function initInput(flags: InitFlags, host: Host): Promise<InitInput> {
  const file = flags.from === undefined ? {} : parseFrom(await readText(flags.from, host), flags.from);
  const suffix = flags.suffix ?? file.suffix;
  const kind = flags.destination ?? file.destination;
  const own = destinationOf(flags);
  const destination = own ?? destinationOf(file);
  const functionFlag = functionFlagIn({ ...file, ...flags });
  if (functionFlag !== undefined) {
    refuseLost(functionFlag, destination?.kind ?? kind, own || flags.destination ? flags : file);
  }
  return {
    bucket: oneBucket(flags.argument, flags.bucket) ?? file.bucket,
    destination,
    // Who says how to make a function is asked about functions only.
    destinationKind: functionFlag === undefined ? (kind === 'eventbridge' ? undefined : kind) : 'lambda',
    eventTarget: targetOf(flags.target ?? file.target, flags.eventRule ?? file.eventRule),
    deadLetter: flags.deadLetter ?? file.deadLetter,
    versioning: flags.versioning === true,
    allowKey: flags.allowKey === true,
    runtime: flags.runtime ?? file.runtime,
    roleArn: flags.roleArn ?? file.roleArn,
    events: flags.event ?? file.event,
    prefix: flags.prefix ?? file.prefix,
    suffixes: suffix === undefined ? undefined : splitSuffixes(suffix),
    id: flags.id ?? file.id,
    dryRun: flags.dryRun === true,
    removeDeadRules: flags.removeDeadRules === true,
    yes: flags.yes === true,
    save: flags.save !== false,
  };
}

/** The one destination that the flags name. Throws USAGE when they name several. */
function destinationOf(flags: InitFlags): WantedDestination | undefined {
  const named: WantedDestination[] = [];
  if (flags.function !== undefined) named.push({ kind: 'lambda', reference: flags.function });
  if (flags.queue !== undefined) named.push({ kind: 'sqs', reference: flags.queue });
  if (flags.topic !== undefined) named.push({ kind: 'sns', reference: flags.topic });
  const arn = flags.destinationArn;
  if (arn !== undefined) {
    const service = parseArn(arn)?.service;
    if (service !== 'lambda' && service !== 'sqs' && service !== 'sns') {
      throw new S3evtError(
        'USAGE',
        `--destination-arn: "${arn}" is no ARN of a function, a queue or a topic`,
      );
    }
    named.push({ kind: service, reference: arn });
  }
  if (flags.eventRule !== undefined) named.push({ kind: 'eventbridge', reference: flags.eventRule });
  else if (flags.destination === 'eventbridge') named.push({ kind: 'eventbridge', reference: '' });
  const [first, second] = named;
  if (second) {
    throw new S3evtError('USAGE', 'more than one destination is named', {
      hint: 'Give one of --function, --queue, --topic, --destination-arn and --event-rule; further rules go in with further calls.',
    });
  }
  const { destination } = flags;
  if (first === undefined || destination === undefined || first.kind === destination) return first;
  throw new S3evtError('USAGE', `--destination ${destination} and ${first.reference} do not go together`);
}

const FUNCTION_FLAGS = [
  ['runtime', '--runtime'],
  ['roleArn', '--role-arn'],
  ['template', '--template'],
] as const;

const DESTINATION_FLAGS = [
  ['queue', '--queue'],
  ['topic', '--topic'],
  ['destinationArn', '--destination-arn'],
  ['eventRule', '--event-rule'],
] as const;

/** The flag that says how a function is to be made. */
function functionFlagIn(given: InitFlags): string | undefined {
  return FUNCTION_FLAGS.find(([name]) => given[name] !== undefined)?.[1];
}

/** Throws USAGE for such a flag when `naming` names another destination: it would have no effect. */
function refuseLost(
  functionFlag: string,
  kind: WantedDestination['kind'] | undefined,
  naming: InitFlags,
): void {
  if (kind === undefined || kind === 'lambda') return;
  const by = DESTINATION_FLAGS.find(([name]) => naming[name] !== undefined)?.[1] ?? `--destination ${kind}`;
  throw new S3evtError('USAGE', `${functionFlag} and ${by} do not go together`, {
    hint: 'Only a function that is created takes --runtime, --role-arn and --template.',
  });
}

/** What an event rule sends to. Throws USAGE. */
function targetOf(arn: string | undefined, eventRule: string | undefined): string | undefined {
  if (arn === undefined) return undefined;
  const fault = eventTargetFault(arn);
  if (fault !== undefined) throw new S3evtError('USAGE', `--target: ${fault}`);
  if (eventRule !== undefined) return arn;
  throw new S3evtError('USAGE', '--target is that of a rule of the event bus', {
    hint: 'Name the rule too: --destination eventbridge --event-rule NAME --target ARN.',
  });
}

/** The choices of --destination. */
const DESTINATION_KINDS = ['lambda', 'sqs', 'sns', 'eventbridge'] as const;

const NAMES = [
  'bucket',
  'destination',
  'function',
  'queue',
  'topic',
  'destinationArn',
  'eventRule',
  'target',
  'deadLetter',
  'runtime',
  'roleArn',
  'event',
  'prefix',
  'suffix',
  'id',
] as const;

function parseFrom(text: string, from: string): InitFlags {
  const wrong = (what: string) =>
    new S3evtError('USAGE', `--from ${from}: ${what}`, {
      hint: `It holds one JSON object with these members: ${NAMES.join(', ')}. "event" may be a list.`,
    });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw wrong(`not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong('not a JSON object');
  const known = new Set<string>(NAMES);
  const result: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    if (!known.has(name)) {
      const near = didYouMean(name, NAMES);
      throw wrong(`"${name}" is none of its members${near === undefined ? '' : `; did you mean "${near}"?`}`);
    }
    const texts: unknown[] = Array.isArray(member) ? member : [member];
    if (!texts.every((one) => typeof one === 'string') || (Array.isArray(member) && name !== 'event')) {
      throw wrong(`"${name}" must be a text${name === 'event' ? ' or a list of texts' : ''}`);
    }
    result[name] = checked(name, texts, wrong);
  }
  return result;
}

/** The same readings as on the command line. */
function checked(name: string, texts: readonly string[], wrong: (what: string) => S3evtError): unknown {
  const [text = ''] = texts;
  try {
    if (name === 'event')
      return texts.reduce<readonly string[]>((events, event) => eventFlag(event, events), []);
    if (name === 'bucket') return bucketFlag(text);
    if (name === 'destination' && !(DESTINATION_KINDS as readonly string[]).includes(text)) {
      throw new Error(`"destination" is one of ${DESTINATION_KINDS.join(', ')}`);
    }
    return name === 'runtime' ? runtimeFlag(text) : text;
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : String(error));
  }
}
