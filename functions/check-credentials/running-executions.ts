import { ListExecutionsCommand, type SFNClient } from '@aws-sdk/client-sfn';
import { reachingStepFunctions } from '../runtime/reaching-step-functions.ts';

/** The most that one answer holds: https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html */
const PAGE = 1000;

/**
 * The executions that run, of several machines. Those that wait for a redrive are not among them: they have ended.
 *
 * @throws StepFunctionsUnavailableError where nothing answers; what Step Functions itself answers goes on as it is
 */
export const runningExecutions =
  (client: SFNClient, stateMachineArns: readonly string[]) => async (): Promise<string[]> => {
    const lists = await Promise.all(stateMachineArns.map((arn) => running(client, arn)));
    return lists.flat();
  };

const running = async (client: SFNClient, stateMachineArn: string): Promise<string[]> => {
  const arns: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = await reachingStepFunctions('listing executions', () =>
      client.send(
        new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING', maxResults: PAGE, nextToken }),
      ),
    );
    arns.push(...(page.executions ?? []).flatMap(({ executionArn }) => executionArn ?? []));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return arns;
};
