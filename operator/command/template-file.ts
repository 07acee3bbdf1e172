/**
 * Whether a file is a template of manifests, as those of a Helm chart are: what it makes only Helm can tell.
 *
 * Some templates are no YAML at all. In others an action (`name: {{ .Values.name }}`) reads as a map within a map, as no
 * manifest has it. Texts in quotes or blocks may hold anything.
 */
import { isCollection, isPair, parseAllDocuments, visit } from 'yaml';

/** What the templates of charts are made of. */
const HELM =
  /\{\{-|-\}\}|\{\{[^}]*(\.Values|\.Release|\.Chart|\.Capabilities|\b(include|template|tpl|toYaml|nindent)\b)/;

export function isTemplate(content: string): boolean {
  if (!content.includes('{{')) return false;
  const documents = [parseAllDocuments(content, { prettyErrors: false, uniqueKeys: false })].flat();
  if (documents.some(({ errors }) => errors.length > 0)) return HELM.test(content);
  let isFound = false;
  for (const document of documents) {
    visit(document, (_, node) => {
      if (!isPair(node) || !isCollection(node.key)) return undefined;
      isFound = true;
      return visit.BREAK;
    });
  }
  return isFound;
}
