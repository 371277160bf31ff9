/** The ways out of two rules that S3 does not take together, each with one command line to copy. */
import { readFunctionArn, shortName } from './destination-name.ts';
import { EVENT_NAMES, eventCovers } from './event-name.ts';
import { filtersOverlap, type KeyFilter } from './key-filter.ts';
import { overlapOf, type Destination, type Overlap, type Rule } from './notification.ts';
import type { FixFlags } from './preflight-fixes.ts';
import { shellCommand } from './shell.ts';

export interface WaysOut {
  /** Sentences. */
  readonly hint: string;
  readonly commands: readonly string[];
}

const DESTINATION_FLAGS = { lambda: '--function', sqs: '--queue', sns: '--topic' } as const;

/** Where copied commands are to work. Without a bucket they mean the one of the project file. */
export interface CommandPlace {
  readonly bucket?: string | undefined;
  readonly flags?: FixFlags | undefined;
}

/** Of the rule `a`, which is new, beside `b`. */
export function waysOut({ a, b }: Overlap, place: CommandPlace): WaysOut {
  const narrow = narrowed(a, b);
  const fanOut = throughTopic(a, b, place);
  const sentences = [
    narrow === undefined
      ? `Nothing of "${a.id}" is left beside "${b.id}", so narrow that one instead`
      : `Narrow "${a.id}", for example with ${shellCommand(narrow.flags)}`,
    `or fan out through SNS: ${fanOut.sentence}`,
    'or turn EventBridge on, whose rules may overlap.',
  ];
  return {
    hint: sentences.join('; '),
    commands: [
      ...(narrow === undefined ? [] : [addCommand(narrow.rule, place)]),
      ...fanOut.commands,
      overEventBridge(a, place),
    ],
  };
}

function s3evt(words: readonly string[], { flags }: CommandPlace): string {
  return shellCommand(['s3evt', ...words, ...(flags?.s3evt ?? [])]);
}

function named({ bucket }: CommandPlace): readonly string[] {
  return bucket === undefined ? [] : [bucket];
}

function addCommand(rule: Rule, place: CommandPlace): string {
  const { destination, events, filter, id } = rule;
  const words = [
    'add',
    ...named(place),
    DESTINATION_FLAGS[destination.kind],
    destination.arn,
    ...takes({ events, filter }),
    '--id',
    id,
  ];
  return s3evt(words, place);
}

/** Names of rules there have letters, digits, `.`, `-` and `_`, at most 64. */
function overEventBridge({ id, events, filter, destination }: Rule, place: CommandPlace): string {
  const name = id.replaceAll(/[^A-Za-z0-9._-]/g, '-').slice(0, 64);
  const words = ['init', ...named(place), '--destination', 'eventbridge', '--event-rule', name];
  return s3evt([...words, ...takes({ events, filter }), '--target', destination.arn], place);
}

/** The flags of what a rule takes. */
function takes({ events, filter }: Pick<Rule, 'events' | 'filter'>): readonly string[] {
  return [
    ...events.flatMap((event) => ['--event', event]),
    ...(filter.prefix ? ['--prefix', filter.prefix] : []),
    ...(filter.suffix ? ['--suffix', filter.suffix] : []),
  ];
}

/** The rule in a form that leaves `b` alone: without the events that both take, else with other keys. */
function narrowed(a: Rule, b: Rule): { readonly rule: Rule; readonly flags: readonly string[] } | undefined {
  const events = eventsLeft(a.events, b.events);
  if (events.length > 0) {
    return { rule: { ...a, events }, flags: events.flatMap((event) => ['--event', event]) };
  }
  for (const which of ['prefix', 'suffix'] as const) {
    const value = otherValue(a.filter, b.filter, which);
    if (value === undefined) continue;
    const rule = { ...a, filter: { ...a.filter, [which]: value } };
    if (!overlapOf(rule, b)) return { rule, flags: [`--${which}`, value] };
  }
  return undefined;
}

/** What the wanted events cover and the others do not; names that they share are left out, families taken apart. */
function eventsLeft(wanted: readonly string[], others: readonly string[]): readonly string[] {
  const clashes = (name: string) =>
    others.some((other) => eventCovers(other, name) || eventCovers(name, other));
  const left = wanted.flatMap((name) =>
    clashes(name)
      ? EVENT_NAMES.filter((one) => one !== name && !one.endsWith(':*') && eventCovers(name, one))
      : [name],
  );
  return [...new Set(left.filter((name) => !clashes(name)))];
}

const EXAMPLES = { prefix: ['other/', 'new/'], suffix: ['.other', '.new'] } as const;

/** A value within what `a` takes and apart from what `b` takes; undefined when there is none. */
function otherValue(a: KeyFilter, b: KeyFilter, which: 'prefix' | 'suffix'): string | undefined {
  if ((b[which] ?? '') === '') return undefined;
  const own = a[which] ?? '';
  const values = EXAMPLES[which].map((example) => (which === 'prefix' ? own + example : example + own));
  return values.find((value) => !filtersOverlap({ [which]: value }, { [which]: b[which] ?? '' }));
}

/** One rule to a topic, and both destinations behind it. A topic that is there already needs one subscription more. */
function throughTopic(
  a: Rule,
  b: Rule,
  place: CommandPlace,
): { readonly sentence: string; readonly commands: readonly string[] } {
  const wrapped = 'the event then comes within a notification of SNS, unless delivery is raw';
  if (b.destination.kind === 'sns') {
    return {
      sentence: `"${b.id}" sends to one, to which ${shortName(a.destination)} can subscribe once its policy admits sns.amazonaws.com (${wrapped})`,
      commands: subscribe(b.destination.arn, a.destination, place),
    };
  }
  const name = `${(place.bucket ?? 's3').replaceAll('.', '-')}-events`;
  // No commands: the other one's rule would have to go first, and its destination to admit SNS, which is its owner's to arrange.
  return {
    sentence: `a topic such as ${name} in place of "${b.id}" (which sends to ${b.destination.arn}), to which both subscribe once their policies admit sns.amazonaws.com (${wrapped})`,
    commands: [],
  };
}

/** A function has to admit SNS first; the policy of a queue too, which its owner merges. */
function subscribe(topicArn: string, { kind, arn }: Destination, { flags }: CommandPlace): readonly string[] {
  if (kind === 'sns') return [];
  const aws = (words: readonly string[]) => shellCommand(['aws', ...words, ...(flags?.aws ?? [])]);
  const words = ['sns', 'subscribe', '--topic-arn', topicArn, '--protocol', kind];
  const command = aws([...words, '--notification-endpoint', arn]);
  if (kind === 'sqs') return [command];
  const { name, qualifier } = readFunctionArn(arn);
  const permit = [
    ...['lambda', 'add-permission', '--function-name', name],
    ...(qualifier === undefined ? [] : ['--qualifier', qualifier]),
    ...['--statement-id', `sns-${topicArn.split(':').at(-1) ?? ''}`.slice(0, 100)],
    ...['--action', 'lambda:InvokeFunction'],
    ...['--principal', 'sns.amazonaws.com', '--source-arn', topicArn],
  ];
  return [`${aws(permit)} && ${command}`];
}
