import type { DoctorVerdict } from '../../commands/doctor-verdict.ts';
import type { FindingReport } from '../../core/doctor/report.ts';
import { sanitize } from '../sanitize.ts';
import type { ViewOptions } from '../view-options.ts';
import { folded } from './parts.ts';

/** The doctor's word at the end of another command. */
export function viewVerdict(
  { verdict, rootCause, findings, notChecked }: DoctorVerdict,
  options: ViewOptions,
  title = 'Root cause',
): readonly string[] {
  const { theme } = options;
  const root = findings.find(({ id }) => id === rootCause);
  if (root) {
    const why = folded(`${theme.symbols.failed} ${title}: ${sentence(root.message)}`, 0, options);
    return [...why.map(theme.bad), ...details(root, options)];
  }
  if (verdict === 'healthy') return [`${theme.good(theme.symbols.done)} doctor: healthy`];
  const suspected = findings.filter((one) => one.verdict === 'suspected');
  if (suspected.length > 0) {
    return suspected.flatMap((one) => [
      ...folded(`${theme.symbols.waiting} Suspected: ${sentence(one.message)}`, 0, options).map(theme.warn),
      ...details(one, options),
    ]);
  }
  const actions = [...new Set(notChecked.map(({ action }) => action))].join(', ');
  return folded(
    `${theme.symbols.bullet} doctor: nothing wrong in what could be read; not allowed: ${sanitize(actions)}`,
    0,
    options,
  );
}

/** What was seen, what to do, and the id. */
export function details(finding: FindingReport, options: ViewOptions): readonly string[] {
  const { theme } = options;
  const seen = finding.evidence.flatMap(({ call, field, value }) =>
    folded(
      // What was claimed, or measured here, was answered to no call.
      `${call === 'none' ? '' : `${sanitize(call)}: `}${sanitize(field)} = ${sanitize(shortened(value))}`,
      6,
      options,
    ).map(theme.dim),
  );
  const how = { safe: 'Fix (safe to apply):', ask: 'Fix (look at it first):', tell: 'To look further:' }[
    finding.fix.mode
  ];
  const { commands } = finding.fix;
  return [
    ...(seen.length === 0 ? [] : [`    ${theme.dim('Seen:')}`, ...seen]),
    ...adviceLines(finding, options),
    // Commands are to be copied: they are never folded.
    ...(commands.length === 0
      ? []
      : [`    ${how}`, ...commands.map((command) => `      $ ${sanitize(command)}`)]),
    `    ${theme.dim(finding.id)}`,
  ];
}

export function adviceLines({ fix }: FindingReport, options: ViewOptions): readonly string[] {
  return fix.advice === null ? [] : folded(sanitize(fix.advice), 4, options);
}

export function sentence(text: string): string {
  const clean = sanitize(text);
  return `${clean.slice(0, 1).toUpperCase()}${clean.slice(1)}.`;
}

const MOST_VALUE = 300;

function shortened(value: string): string {
  return value.length <= MOST_VALUE ? value : `${value.slice(0, MOST_VALUE)}…`;
}
