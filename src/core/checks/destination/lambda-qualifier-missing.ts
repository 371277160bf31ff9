import { parseArn } from '../../arn.ts';
import type { Check } from '../../doctor/check.ts';
import { addPermission, ask, call, tell } from '../../doctor/fixes.ts';
import { isAbsent, valueOf } from '../../doctor/reading.ts';
import { called, calledSender, evidence } from '../../doctor/words.ts';

/** The function is there, and not the version or alias that is named; or `$LATEST` is, to which no policy can be attached. */
export const lambdaQualifierMissing: Check = {
  id: 'lambda-qualifier-missing',
  reads: ['functions.configuration', 'functions.qualified', 'functions.policy', 'identity'],
  judge(look) {
    const account = valueOf(look.facts.identity)?.account;
    return look.hops.flatMap((hop) => {
      const node = hop.kind === 'lambda' ? look.facts.functions[hop.arn] : undefined;
      if (!node || isAbsent(node.configuration)) return [];
      const about = {
        id: 'lambda-qualifier-missing' as const,
        severity: 'BREAK' as const,
        subject: called(hop.arn),
        node: hop.arn,
        ruleIds: hop.ruleIds,
        depth: hop.depth,
      };
      if (hop.arn.endsWith(':$LATEST') && hop.sender !== undefined) {
        // https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html: how S3 treats such an ARN is UNKNOWN.
        return [
          {
            ...about,
            verdict: 'suspected' as const,
            message: `${calledSender(hop)} names $LATEST of ${called(hop.arn.replace(/:\$LATEST$/, ''))}, to which no permission can be given`,
            evidence: [evidence(node.configuration, 'ARN of the rule', hop.arn)],
            fix: tell('Name the function without a qualifier, or an alias.'),
          },
        ];
      }
      const { qualifier } = node;
      look.value(node.qualified);
      if (qualifier === undefined || !node.qualified || !isAbsent(node.qualified)) return [];
      const isVersion = /^\d+$/.test(qualifier);
      const own = parseArn(hop.arn)?.account === account;
      // Lambda answers the same for a function that is not there.
      const isThere = look.value(node.configuration) !== undefined;
      return [
        {
          ...about,
          verdict: own && isThere ? ('broken' as const) : ('suspected' as const),
          message: `${calledSender(hop)} sends to ${called(hop.arn)}, but the function has no ${isVersion ? 'version' : 'alias'} "${qualifier}"`,
          evidence: [evidence(node.qualified, 'answer', 'ResourceNotFoundException')],
          fix:
            isVersion || !hop.sender
              ? tell(
                  isVersion
                    ? 'A published version cannot be made again under its number: name another version, or an alias, in the rule.'
                    : 'Make the alias again, or name another one in the event source mapping.',
                )
              : {
                  ...ask(
                    call('lambda', 'CreateAlias', {
                      FunctionName: node.name,
                      Name: qualifier,
                      FunctionVersion: '$LATEST',
                    }),
                    addPermission(
                      { arn: node.arn, policy: { state: 'absent', call: node.policy.call } },
                      hop.sender,
                      account,
                    ),
                  ),
                  advice: 'Choose the version that the alias is to lead to.',
                },
        },
      ];
    });
  },
};
