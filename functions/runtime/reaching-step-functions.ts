import { StepFunctionsUnavailableError } from '../contract/errors.ts';
import { awsFailure } from './aws-failure.ts';

/**
 * What Step Functions answers goes on as it is; where nothing answers, that is said in words.
 *
 * @param doing what the call is for, as the message says it
 * @throws StepFunctionsUnavailableError where nothing answers
 */
export const reachingStepFunctions = async <T>(doing: string, send: () => Promise<T>): Promise<T> => {
  try {
    return await send();
  } catch (failure) {
    const { name, kind } = awsFailure(failure);
    if (kind !== 'unanswered') throw failure;
    throw new StepFunctionsUnavailableError(
      `${doing}: ${name}; is there a route to Step Functions from this VPC?`,
    );
  }
};
