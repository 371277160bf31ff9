import { S3evtError } from '../core/errors.ts';
import { parseConfigurationFile } from '../core/configuration-file.ts';
import { sampleEvent } from '../core/eventbridge-sample.ts';
import { compileEventPattern, unmatchedFields } from '../core/event-pattern.ts';
import { matchRules, type Match, type Miss } from '../core/match.ts';
import { hasEventBridge, rulesOf, type Destination, type Rule } from '../core/notification.ts';
import { bucketDocument, requireBucket } from './bucket.ts';
import type { Context } from './context.ts';

export interface MatchInput {
  readonly key: string;
  readonly bucket?: string | undefined;
  /** AWS's names; without any, keys alone decide. */
  readonly events?: readonly string[] | undefined;
  /** Text of a configuration to look at instead of the live one, and the name by which messages call it. */
  readonly config?: { readonly name: string; readonly text: string } | undefined;
  /** Text of an EventBridge pattern to try instead. */
  readonly pattern?: { readonly name: string; readonly text: string } | undefined;
}

export interface MatchResult {
  readonly status: 'ok' | 'negative';
  readonly key: string;
  /** The event asked for; null when keys alone were compared. */
  readonly event: string | null;
  readonly matches: readonly {
    readonly ruleId: string;
    readonly destination: Destination | null;
    readonly events: readonly string[];
  }[];
  readonly misses: readonly {
    readonly ruleId: string;
    readonly reason: Miss['reason'] | 'pattern';
    readonly detail: string;
  }[];
  /** Whether all events of the bucket go to EventBridge too; null for a pattern. */
  readonly eventBridge: boolean | null;
}

const ANY_EVENT = 's3:ObjectCreated:Put';

/**
 * Which rules take an event of this key, and why each other one does not. Reads one document; with `config` or `pattern`
 * nothing of AWS at all. Throws S3evtError.
 */
export async function runMatch(input: MatchInput, ctx: Context): Promise<MatchResult> {
  if (input.key === '') {
    throw new S3evtError('USAGE', 'KEY is empty: every object has a key of at least one character', {
      hint: 'Pass a key such as \'in/a.jpg\'; "s3evt ls" shows the rules without one.',
    });
  }
  if (input.pattern) return matchPattern(input, input.pattern, ctx);
  const { rules, eventBridge } = await configurationOf(input, ctx);
  const { matches, misses } = matchAny(rules, input);
  return {
    status: matches.length > 0 ? 'ok' : 'negative',
    key: input.key,
    event: eventText(input),
    matches: matches.map(({ id, destination, events }) => ({ ruleId: id, destination, events })),
    misses: misses.map(({ rule, reason, detail }) => ({ ruleId: rule.id, reason, detail })),
    eventBridge,
  };
}

/** A rule matches when it takes one of the events asked for. */
function matchAny(rules: readonly Rule[], { key, events }: MatchInput): Match {
  const matches: Rule[] = [];
  const misses: Miss[] = [];
  for (const rule of rules) {
    const asked = events ?? rule.events.slice(0, 1);
    const results = asked.map((event) => matchRules([rule], key, event));
    if (results.some((result) => result.matches.length > 0)) matches.push(rule);
    // The miss that came closest: a key that does not fit says more than one of several events that does not.
    const all = results.flatMap((result) => result.misses);
    const miss = all.find(({ reason }) => reason !== 'event') ?? all[0];
    if (miss && !matches.includes(rule)) misses.push(miss);
  }
  return { matches, misses };
}

function eventText({ events }: MatchInput): string | null {
  return events === undefined ? null : events.join(',');
}

async function configurationOf(
  input: MatchInput,
  ctx: Context,
): Promise<{ rules: readonly Rule[]; eventBridge: boolean }> {
  if (input.config === undefined) {
    const document = await bucketDocument(requireBucket(input.bucket, ctx), ctx);
    return { rules: rulesOf(document), eventBridge: hasEventBridge(document) };
  }
  const parsed = parseConfigurationFile(input.config.text);
  if (!parsed.ok) throw new S3evtError('INVALID_ARGUMENT', `${input.config.name}: ${parsed.problem}`);
  return { rules: parsed.file.rules, eventBridge: parsed.file.eventBridge ?? false };
}

function matchPattern(
  input: MatchInput,
  { name, text }: { readonly name: string; readonly text: string },
  ctx: Context,
): MatchResult {
  const compiled = compileEventPattern(text);
  if (!compiled.ok) {
    throw new S3evtError('INVALID_ARGUMENT', `${name}: event pattern is not valid: ${compiled.reason}`);
  }
  const { settings } = ctx.project;
  const bucket = input.bucket ?? bucketIn(text) ?? settings?.bucket ?? 'amzn-s3-demo-bucket';
  const events = input.events ?? [ANY_EVENT];
  const unmatched = events.map((eventName) => {
    const event = sampleEvent({
      bucket,
      key: input.key,
      eventName,
      account: settings?.account ?? '111122223333',
      region: settings?.region ?? 'us-east-1',
    });
    return event ? unmatchedFields(compiled.pattern, event) : [`S3 sends no ${eventName} to EventBridge`];
  });
  const isMatch = unmatched.some((fields) => fields.length === 0);
  return {
    status: isMatch ? 'ok' : 'negative',
    key: input.key,
    event: events.join(','),
    matches: isMatch ? [{ ruleId: name, destination: null, events }] : [],
    misses: isMatch
      ? []
      : [
          {
            ruleId: name,
            reason: 'pattern',
            detail: `no match at ${unmatched[0]?.join(', ') ?? 'the event'}`,
          },
        ],
    eventBridge: null,
  };
}

/** The bucket that a pattern names, so that the sample is one of its own. */
function bucketIn(pattern: string): string | undefined {
  const { detail } = JSON.parse(pattern) as { detail?: { bucket?: { name?: unknown } } };
  const name = detail?.bucket?.name;
  const first: unknown = Array.isArray(name) ? name[0] : undefined;
  return typeof first === 'string' ? first : undefined;
}
