/** One broken world each: the cause is found, in the first place, and its own commands mend it. */
import { expect, test } from 'vitest';
import type { DoctorResult } from '../../../src/commands/doctor.ts';
import type { FindingId } from '../../../src/core/doctor/catalogue.ts';
import { REAL, runCopied } from '../../support/copied-command.ts';
import { envelopeOf, runCli, temporaryFolder, type CliOptions } from '../../support/run-cli.ts';
import type { TestSandbox } from '../../support/sandbox.ts';
import { BUCKET, directFunction } from './world.ts';

export interface Scenario {
  readonly id: FindingId;
  /** What is special about this case, when an id has several. */
  readonly when?: string;
  /** A world that works; S3 -> function by default. */
  readonly setUp?: (sandbox: TestSandbox) => Promise<unknown>;
  /** `cwd` is the folder that the doctor and the printed commands run in. */
  readonly breaks: (sandbox: TestSandbox, cwd: string) => Promise<unknown>;
  /** Further flags: `['--key', 'in/a.jpg']`. */
  readonly argv?: readonly string[];
  /** Who asks about which bucket, when it is broken; the owner about his one by default. */
  readonly asks?: Asking;
  /** How sure the doctor is to be; by default it is `broken`, and the root cause. */
  readonly verdict?: 'broken' | 'suspected' | 'risk';
  /**
   * What the printed commands lead to, where the fix is `safe` or `ask`: by default a healthy bucket. `gone`: this finding is gone, and
   * another may be left.
   */
  readonly mended?: 'healthy' | 'gone';
  /**
   * What a person does between the printed commands and the next look: upload again, say. With a fix that only a person can do, it is
   * that, and without it nothing is looked at again.
   */
  readonly then?: (sandbox: TestSandbox, cwd: string) => Promise<unknown>;
}

export interface Asking extends Pick<CliOptions, 'env' | 'clock' | 'endpoint'> {
  readonly bucket?: string;
}

/** One run of the doctor through the command line, as JSON. */
export async function doctor(
  sandbox: TestSandbox,
  argv: readonly string[] = [],
  cwd = temporaryFolder(),
  { bucket = BUCKET, ...asks }: Asking = {},
): Promise<{ readonly code: number; readonly data: DoctorResult; readonly stderr: string }> {
  // The AWS CLI reads the endpoint of SQS from its flag only: then the printed commands carry it.
  const place =
    REAL && asks.endpoint === undefined && asks.env === undefined ? ['--endpoint-url', sandbox.url] : [];
  const result = await runCli(['doctor', bucket, ...argv, ...place, '--json'], {
    endpoint: sandbox.url,
    cwd,
    ...asks,
  });
  const envelope = envelopeOf(result);
  expect(envelope.error, result.stderr).toBeNull();
  return { code: result.code, data: envelope.data, stderr: result.stderr };
}

/** Findings as short lines, for messages of failed tests. */
export function summary({ verdict, rootCause, findings, notChecked }: DoctorResult): string {
  const lines = findings.map(
    (one) =>
      `${one.verdict} ${one.id}${one.consequenceOf === null ? '' : ` <- ${one.consequenceOf}`}: ${one.message}`,
  );
  const unchecked = notChecked.map(({ check, action, reason }) => `unchecked ${check} ${action}: ${reason}`);
  return [`${verdict} ${rootCause ?? ''}`, ...lines, ...unchecked].join('\n');
}

export function proves(sandbox: () => TestSandbox, scenarios: readonly Scenario[]): void {
  for (const scenario of scenarios) {
    test(`${scenario.id}${scenario.when === undefined ? '' : ` (${scenario.when})`}`, () =>
      prove(sandbox(), scenario));
  }
}

async function prove(sandbox: TestSandbox, scenario: Scenario): Promise<void> {
  const { id, setUp = directFunction, breaks, argv = [], asks, verdict = 'broken', then } = scenario;
  const cwd = temporaryFolder();
  await setUp(sandbox);
  await sandbox.idle();
  const before = await doctor(sandbox, [], cwd);
  expect(before.data.verdict, summary(before.data)).not.toBe('broken');
  expect(
    before.data.findings.map((finding) => finding.id),
    summary(before.data),
  ).not.toContain(id);
  await breaks(sandbox, cwd);
  await sandbox.idle();
  const { code, data } = await doctor(sandbox, argv, cwd, asks);
  const found = data.findings.find((finding) => finding.id === id);
  expect(found?.verdict, summary(data)).toBe(verdict);
  expect(found?.evidence.length, `evidence of ${id}`).toBeGreaterThan(0);
  expect(found?.message).toMatch(/^[^A-Z.\s].*[^.]$/s);
  if (verdict === 'broken') {
    expect(data.rootCause, summary(data)).toBe(id);
    expect(data.findings[0]?.id).toBe(id);
    expect(code).toBe(3);
  } else {
    expect(data.rootCause, summary(data)).toBeNull();
  }
  if (!found || found.fix.mode === 'tell' || found.fix.commands.length === 0) {
    expect(found?.fix.advice ?? '', `advice of ${id}`).not.toBe('');
    if (!then) return;
  } else {
    for (const command of found.fix.commands) {
      await runCopied(command, { clients: sandbox, endpoint: sandbox.url, cwd });
    }
  }
  await then?.(sandbox, cwd);
  await sandbox.idle();
  const after = await doctor(sandbox, argv, cwd, asks);
  expect(
    after.data.findings.map((finding) => finding.id),
    summary(after.data),
  ).not.toContain(id);
  if (scenario.mended !== 'gone') expect(after.data.verdict, summary(after.data)).toBe('healthy');
}
