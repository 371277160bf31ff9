import { describe, expect, it } from 'vitest';
import { lambdaMissing } from '../../../src/core/checks/destination/lambda-missing.ts';
import { absent, denied } from '../../../src/core/doctor/reading.ts';
import { facts, fnArn, functionNode, judge } from './support.ts';

const over = (configuration: ReturnType<typeof absent>) =>
  facts({ functions: { [fnArn()]: functionNode({ configuration }) } });

describe('lambda-missing', () => {
  it('is certain when Lambda knows no such function in the own account', () => {
    const { findings } = judge(lambdaMissing, over(absent('lambda:GetFunctionConfiguration')));
    expect(findings).toMatchObject([
      {
        verdict: 'broken',
        node: fnArn(),
        ruleIds: ['thumbs'],
        fix: { mode: 'ask', actions: [{ edits: [{ ruleId: 'thumbs' }] }] },
      },
    ]);
  });

  it('finds nothing when it is there', () => {
    expect(judge(lambdaMissing, facts()).findings).toEqual([]);
  });

  it('says so when it may not look', () => {
    const { findings, notChecked } = judge(
      lambdaMissing,
      over(denied('lambda:GetFunctionConfiguration', 'thumbs')),
    );
    expect(findings).toEqual([]);
    expect(notChecked).toMatchObject([
      { check: 'lambda-missing', action: 'lambda:GetFunctionConfiguration' },
    ]);
  });
});
