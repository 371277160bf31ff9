import type { TraceResult } from '../../commands/trace.ts';
import type { OtherWrite, TraceHop, TraceWay } from '../../core/trace/model.ts';
import { sanitize } from '../sanitize.ts';
import type { ViewOptions } from '../view-options.ts';
import { destinationText, folded } from './parts.ts';
import { details, sentence } from './verdict.ts';

/** In a pipe one line for each hop: way, hop, state, time, title, detail, ids; `note` and `unread` lines after them. */
export function viewTrace(result: TraceResult, options: ViewOptions): readonly string[] {
  if (options.plain) return plainLines(result);
  const { theme } = options;
  const lines = [
    ...folded(`${sanitize(result.key)} in ${sanitize(result.bucket)}`, 0, options).map(theme.strong),
  ];
  const shared = sharedObject(result.ways);
  if (shared) lines.push(...hopLines(shared, result, options));
  for (const way of result.ways) {
    lines.push('', ...folded(wayTitle(way, options), 0, options).map(theme.strong));
    for (const hop of way.hops)
      if (hop.hop !== 'object' || !shared) lines.push(...hopLines(hop, result, options));
  }
  for (const { text } of result.notes) lines.push('', ...folded(sentence(text), 0, options).map(theme.warn));
  if (result.otherWrites.length > 0) {
    lines.push('', theme.strong('Other writes of this key'));
    for (const other of result.otherWrites)
      lines.push(...folded(writeText(other), 2, options).map(theme.dim));
  }
  if (result.notRead.length > 0) {
    lines.push('', theme.strong('Could not be read'));
    for (const { action, resource, reason } of result.notRead) {
      const text = `${sanitize(action)} on ${sanitize(resource)}: ${sanitize(reason)}`;
      lines.push(...folded(`${theme.symbols.bullet} ${text}`, 2, options));
    }
  }
  return [...lines, '', ...verdictLines(result, options)];
}

function verdictLines({ verdict, cause, since }: TraceResult, options: ViewOptions): readonly string[] {
  const { theme } = options;
  switch (verdict) {
    case 'ok':
      return folded(`${theme.symbols.done} The event was seen at the end of every way.`, 0, options).map(
        theme.good,
      );
    case 'broken':
      return cause === null
        ? folded(`${theme.symbols.failed} The way is broken.`, 0, options).map(theme.bad)
        : [
            ...folded(`${theme.symbols.failed} ${sentence(cause.message)}`, 0, options).map(theme.bad),
            ...details(cause, options),
          ];
    case 'unknown':
      return folded(
        `${theme.symbols.waiting} Not seen at every end, in logs since ${sanitize(since)}: whether it came there is unknown.`,
        0,
        options,
      ).map(theme.warn);
  }
}

/** The object is the same on every way, unless a finding about single rules says otherwise. */
function sharedObject(ways: readonly TraceWay[]): TraceHop | undefined {
  const objects = ways.flatMap(({ hops }) => hops.filter(({ hop }) => hop === 'object'));
  const [first] = objects;
  return first && objects.every(({ state, detail }) => state === first.state && detail === first.detail)
    ? first
    : undefined;
}

function wayTitle({ ruleId, eventRule, destination, through }: TraceWay, { theme }: ViewOptions): string {
  const arrow = ` ${theme.symbols.arrow} `;
  const from =
    ruleId !== null
      ? `rule ${sanitize(ruleId)}`
      : eventRule !== null
        ? `event rule ${sanitize(nameIn(eventRule))}`
        : 'no rule';
  const to =
    destination === null
      ? []
      : [destinationText(destination), ...through.map((arn) => sanitize(nameIn(arn)))];
  return [from, ...to].join(arrow);
}

function nameIn(arn: string): string {
  return arn
    .split(':')
    .slice(5)
    .join(':')
    .replace(/^(?:function:|rule\/)/, '');
}

function hopLines(hop: TraceHop, { cause }: TraceResult, options: ViewOptions): readonly string[] {
  const { theme } = options;
  const { symbols } = theme;
  const marks = {
    ok: symbols.done,
    broken: symbols.failed,
    unknown: symbols.waiting,
    skipped: symbols.minus,
  };
  const style = { ok: theme.good, broken: theme.bad, unknown: theme.warn, skipped: theme.dim }[hop.state];
  const title = `${marks[hop.state]} ${hop.hop.padEnd(10)}  ${sanitize(hop.title)}`;
  if (hop.state === 'skipped' && hop.detail === null) return folded(title, 2, options).map(theme.dim);
  const ids = idTexts(hop);
  // The cause is told in full at the end.
  const isTold = hop.detail === null || hop.detail === cause?.message;
  return [
    ...folded(title, 2, options).map(style),
    ...(isTold ? [] : folded(sanitize(hop.detail), 16, options)),
    ...(hop.time === null ? [] : folded(sanitize(hop.time), 16, options).map(theme.dim)),
    // An id may be longer than a line: it is to be copied.
    ...ids.map((text) => `${' '.repeat(16)}${theme.dim(text)}`),
    ...(hop.findings.length === 0 || hop.state === 'ok'
      ? []
      : folded(hop.findings.join(', '), 16, options).map(theme.dim)),
  ];
}

const ID_NAMES = {
  requestId: 'request id',
  sequencer: 'sequencer',
  versionId: 'version',
  configurationId: 'rule',
  invocation: 'invocation',
  logStream: 'log stream',
} as const;

/** Those that the hop adds: the object's stand with it, the invocation's with the invocation. */
function idTexts({ hop, ids }: TraceHop): readonly string[] {
  const shown = {
    object: ['versionId', 'sequencer', 'requestId'],
    invocation: ['invocation'],
    logs: ['logStream'],
    rule: [],
    permission: [],
    delivery: [],
    outcome: [],
  } as const satisfies Record<TraceHop['hop'], readonly (keyof typeof ID_NAMES)[]>;
  return shown[hop].flatMap((name) => {
    const value = ids[name];
    return value === undefined ? [] : [`${ID_NAMES[name]} ${sanitize(value)}`];
  });
}

function writeText({ time, event, versionId, sequencer }: OtherWrite): string {
  const parts = [
    time ?? 'unknown time',
    event?.replace(/^s3:/, '') ?? 'no event of it was seen',
    ...(versionId === null ? [] : [`version ${versionId}`]),
    ...(sequencer === null ? [] : [`sequencer ${sequencer}`]),
  ];
  return sanitize(parts.join('  '));
}

function plainLines({
  verdict,
  rootCause,
  ways,
  notes,
  otherWrites,
  notRead,
}: TraceResult): readonly string[] {
  return [
    ['verdict', verdict, rootCause ?? ''].join('\t'),
    ...ways.flatMap(({ ruleId, eventRule, hops }) =>
      hops.map(({ hop, state, time, title, detail, ids }) =>
        [
          sanitize(ruleId ?? eventRule ?? ''),
          hop,
          state,
          time ?? '',
          sanitize(title),
          sanitize(detail ?? ''),
          sanitize(
            Object.entries(ids)
              .flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]))
              .join(' '),
          ),
        ].join('\t'),
      ),
    ),
    ...notes.map(({ kind, text }) => ['note', kind, sanitize(text)].join('\t')),
    ...otherWrites.map(({ time, event, versionId, sequencer }) =>
      ['other', time ?? '', event ?? '', versionId ?? '', sequencer ?? ''].map(sanitize).join('\t'),
    ),
    ...notRead.map(({ action, resource, reason }) =>
      ['unread', action, resource, reason].map(sanitize).join('\t'),
    ),
  ];
}
