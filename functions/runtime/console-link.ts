/** Where the console is in partitions that have one of their own. https://docs.aws.amazon.com/general/latest/gr/mgmt-console.html */
const CONSOLES: Readonly<Record<string, string>> = {
  'aws-cn': 'console.amazonaws.cn',
  'aws-us-gov': 'console.amazonaws-us-gov.com',
};

/** Where an operator sees an execution, in the console. */
export const consoleLink = (executionArn: string): string => {
  const [, partition = 'aws', , region] = executionArn.split(':');
  const console = CONSOLES[partition] ?? 'console.aws.amazon.com';
  return `https://${region}.${console}/states/home?region=${region}#/v2/executions/details/${executionArn}`;
};
