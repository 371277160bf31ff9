import type { DoctorResult } from '../../commands/doctor.ts';
import type { FindingReport } from '../../core/doctor/report.ts';
import { sanitize } from '../sanitize.ts';
import type { ViewOptions } from '../view-options.ts';
import { folded } from './parts.ts';
import { adviceLines, details, sentence } from './verdict.ts';

/** In a pipe one line for each finding: verdict, id, subject, message; `unchecked` lines for what could not be looked at. */
export function viewDoctor(result: DoctorResult, options: ViewOptions): readonly string[] {
  if (options.plain) return plainLines(result);
  const { theme } = options;
  const { findings, notChecked } = result;
  const root = result.rootCause === null ? undefined : findings.find(({ id }) => id === result.rootCause);
  const rest = findings.filter((one) => one !== root);
  const isConsequence = (one: FindingReport) => one.consequenceOf !== null && one.verdict !== 'risk';
  const lines = [...folded(header(result), 0, options)];
  lines.push('', ...verdictLines(result, root, options));
  if (root) lines.push(...details(root, options));
  lines.push(...section('Follows from it', rest.filter(isConsequence), options, 'short'));
  const own = rest.filter((one) => !isConsequence(one));
  lines.push(
    ...section(
      'Also broken',
      own.filter(({ verdict }) => verdict === 'broken'),
      options,
      'full',
    ),
  );
  lines.push(
    ...section(
      'Suspected',
      own.filter(({ verdict }) => verdict === 'suspected'),
      options,
      'full',
    ),
  );
  lines.push(
    ...section(
      'Risks',
      own.filter(({ verdict }) => verdict === 'risk'),
      options,
      'short',
    ),
  );
  if (notChecked.length > 0) {
    lines.push('', theme.strong('Could not be checked'));
    for (const [action, of] of byAction(result)) {
      lines.push(
        ...folded(
          `${theme.symbols.bullet} ${sanitize(action)} on ${sanitize(of.resource)}: ${sanitize(of.reason)}`,
          2,
          options,
        ),
      );
      lines.push(...folded(`for ${of.checks.join(', ')}`, 4, options).map(theme.dim));
    }
  }
  for (const note of result.notes)
    lines.push('', ...folded(`Note: ${sanitize(note)}`, 0, options).map(theme.dim));
  if (result.fixed !== null) lines.push(...fixedLines(result, options));
  else if (
    findings.some(({ verdict, fix }) => verdict !== 'risk' && fix.mode !== 'tell' && fix.commands.length > 0)
  ) {
    lines.push(
      '',
      ...folded('"s3evt doctor --fix" does what is safe, asks before the rest, and looks again.', 0, options),
    );
  }
  return lines;
}

function header({ bucket, account, region, endpoint }: DoctorResult): string {
  const where = [
    region ?? 'unknown Region',
    `account ${account ?? 'unknown'}`,
    ...(endpoint === null ? [] : [`endpoint ${endpoint}, not AWS`]),
  ];
  return `${sanitize(bucket)}  ${sanitize(where.join(', '))}`;
}

function verdictLines(
  { verdict, looked, mayBeEarlier, findings, notChecked }: DoctorResult,
  root: FindingReport | undefined,
  options: ViewOptions,
): readonly string[] {
  const { theme } = options;
  const what = `${count(looked.rules, 'rule')}, ${count(looked.destinations, 'step')} behind them, ${count(looked.checks, 'check')}`;
  if (root) {
    const lines = folded(`${theme.symbols.failed} ${sentence(root.message)}`, 0, options).map(theme.bad);
    return mayBeEarlier
      ? [...lines, ...folded('An earlier cause may hide in what could not be checked.', 2, options)]
      : lines;
  }
  if (verdict === 'healthy') {
    return [theme.good(`${theme.symbols.done} Healthy`), ...folded(`Looked at ${what}.`, 2, options)];
  }
  const suspected = findings.filter((one) => one.verdict === 'suspected').length;
  const parts = [
    ...(suspected > 0 ? [count(suspected, 'suspicion')] : []),
    ...(notChecked.length > 0
      ? [`${count(new Set(notChecked.map(({ check }) => check)).size, 'check')} not possible`]
      : []),
  ];
  const text = `${theme.symbols.waiting} Nothing certainly wrong in what could be read: ${parts.join(', ')}`;
  return [...folded(text, 0, options).map(theme.warn), ...folded(`Looked at ${what}.`, 2, options)];
}

function section(
  title: string,
  findings: readonly FindingReport[],
  options: ViewOptions,
  form: 'full' | 'short',
): readonly string[] {
  if (findings.length === 0) return [];
  const { theme } = options;
  return [
    '',
    theme.strong(title),
    ...findings.flatMap((finding) => [
      ...folded(`${theme.symbols.bullet} ${sentence(finding.message)}`, 2, options),
      ...(finding.contradictedBy === null
        ? []
        : folded(`But ${sanitize(finding.contradictedBy)}.`, 4, options)),
      ...(form === 'full' ? details(finding, options) : adviceLines(finding, options)),
    ]),
  ];
}

function fixedLines({ fixed, verdict }: DoctorResult, options: ViewOptions): readonly string[] {
  const { theme } = options;
  const texts = {
    applied: 'done',
    failed: 'failed',
    left: 'left alone',
    told: 'needs a person',
  };
  const lines = (fixed ?? []).flatMap(({ id, subject, outcome, error: reason }) => {
    const error = reason ?? (outcome === 'left' ? 'nobody agreed (pass --yes)' : null);
    return folded(
      `${outcome === 'applied' ? theme.symbols.done : outcome === 'failed' ? theme.symbols.failed : theme.symbols.bullet} ${id} (${sanitize(subject)}): ${texts[outcome]}${error === null ? '' : `: ${sanitize(error)}`}`,
      2,
      options,
    );
  });
  const after =
    verdict === 'healthy' ? 'Looked again: healthy.' : 'Looked again: what is said above is left.';
  return ['', theme.strong('Fixes'), ...(lines.length === 0 ? ['  nothing to mend'] : lines), `  ${after}`];
}

function plainLines({
  verdict,
  rootCause,
  findings,
  notChecked,
  fixed,
  looked,
}: DoctorResult): readonly string[] {
  return [
    [
      'verdict',
      verdict,
      rootCause ?? '',
      `${count(looked.rules, 'rule')}, ${count(looked.checks, 'check')}`,
    ].join('\t'),
    ...findings.flatMap((one) => [
      [one.verdict, one.id, sanitize(one.subject), sanitize(one.message)].join('\t'),
      ...(one.verdict === 'risk'
        ? []
        : one.fix.commands.map((command) => ['fix', one.id, one.fix.mode, sanitize(command)].join('\t'))),
    ]),
    ...notChecked.map(({ check, action, resource, reason }) =>
      ['unchecked', check, sanitize(action), sanitize(`${resource}: ${reason}`)].join('\t'),
    ),
    ...(fixed ?? []).map(({ id, subject, outcome, error }) =>
      [
        'fixed',
        id,
        outcome,
        sanitize(
          `${subject}${error === null ? (outcome === 'left' ? ': nobody agreed, pass --yes' : '') : `: ${error}`}`,
        ),
      ].join('\t'),
    ),
  ];
}

interface Unchecked {
  readonly resource: string;
  readonly reason: string;
  readonly checks: readonly string[];
}

/** One line for each read that was refused, with the checks that wanted it. */
function byAction({ notChecked }: DoctorResult): ReadonlyMap<string, Unchecked> {
  const found = new Map<string, Unchecked>();
  for (const { action, resource, reason, check } of notChecked) {
    const known = found.get(action);
    const checks = [...new Set([...(known?.checks ?? []), check])];
    found.set(action, known ? { ...known, checks } : { resource, reason, checks });
  }
  return found;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
