/** Everything that this project measures is in one namespace of CloudWatch. */
export const METRICS_NAMESPACE = 'DocDbRotation';
