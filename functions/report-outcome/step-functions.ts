import { DescribeExecutionCommand, type SFNClient } from '@aws-sdk/client-sfn';
import type { Executions } from './execution-result.ts';

export const stepFunctions = (client: SFNClient): Executions => ({
  describe: async (executionArn) => {
    const { status, input, output, error } = await client.send(
      new DescribeExecutionCommand({ executionArn }),
    );
    return { status, input, output, error };
  },
});
