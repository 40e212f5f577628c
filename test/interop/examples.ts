// The examples by the schemas that their tools publish: GitHub's of workflows, and that of Argo Rollouts' resources.
// There is none of Flagger's in any package.
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { parse } from 'yaml'

// https://github.com/actions/languageservices/tree/main/workflow-parser
type Parser = {
  readonly parseWorkflow: (
    file: { readonly name: string; readonly content: string },
    trace: Readonly<Record<'info' | 'verbose' | 'error', () => void>>
  ) => { readonly context: { readonly errors: { readonly getErrors: () => readonly unknown[] } } }
}

// https://github.com/tommy351/kubernetes-models-ts
type Models = {
  readonly AnalysisTemplate: new (given: unknown) => { readonly validate: () => void }
}

/** By name, for they are not installed where types are checked. */
const packages: Readonly<Record<'workflow' | 'argo', string>> = {
  workflow: '@actions/workflow-parser',
  argo: '@kubernetes-models/argo-rollouts/argoproj.io/v1alpha1'
}

function read(path: string): string {
  return readFileSync(new URL(`../../examples/${path}`, import.meta.url), 'utf8')
}

/** What is wrong with them, and with the schemas where they would let anything pass. */
export async function exampleComplaints(): Promise<string[]> {
  const workflow = read('github-actions/canary.yml')
  const wrong = await workflowComplaints(workflow)
  const blind = (await workflowComplaints(workflow.replace('runs-on:', 'run-on:'))).length === 0
  const template = read('argo-rollouts/analysis-template.yaml')
  return [
    ...wrong.map(each => `github-actions: ${each}`),
    ...(blind ? ['the schema of workflows finds nothing'] : []),
    ...(await templateComplaints(template)).map(each => `argo-rollouts: ${each}`),
    ...((await templateComplaints(template.replace('backoffLimit: 0', 'backoffLimit: no'))).length === 0
      ? ['the schema of Argo Rollouts finds nothing']
      : [])
  ]
}

async function workflowComplaints(content: string): Promise<string[]> {
  // It imports its schema without saying that this is JSON, as only bundlers let it.
  const hooks = registerHooks({
    resolve: (specifier, context, next) => {
      const found = next(specifier, context)
      return found.url.endsWith('.json') ? { ...found, importAttributes: { type: 'json' } } : found
    }
  })
  const parser: Parser = await import(packages.workflow).finally(() => hooks.deregister())
  const quiet = () => {}
  const trace = { info: quiet, verbose: quiet, error: quiet }
  return parser.parseWorkflow({ name: 'canary.yml', content }, trace).context.errors.getErrors().map(String)
}

async function templateComplaints(yaml: string): Promise<string[]> {
  const models: Models = await import(packages.argo)
  try {
    new models.AnalysisTemplate(parse(yaml)).validate()
    return []
  } catch (error) {
    return [String(error)]
  }
}
