import { schemaState, type SchemaState } from '../../../../index.ts'
import type { Hazard } from '../../hazard.ts'

export const schemaVersion: Hazard<SchemaState> = {
  id: 'schema-version',
  collect: (look, { schema }) =>
    look.through((ask) =>
      schemaState({ query: async (text, values) => ({ rows: await ask(text, values), rowCount: null }) }, schema),
    ),

  judge({ state, version, needed }, { schema }) {
    const named = schema === 'fencepost' ? '' : ` --schema ${schema}`
    switch (state) {
      case 'absent':
        return { level: 'fine', what: `schema "${schema}" is not installed: nothing here is of Fencepost` }
      case 'current':
        return { level: 'fine', what: `schema "${schema}" is up to date at version ${version}` }
      case 'newer':
        return {
          level: 'fine',
          what: `schema "${schema}" is of a newer library (version ${version}), which this one can work with`,
        }
      case 'outdated':
        return {
          level: 'warning',
          what: `schema "${schema}" ${version < needed ? `has version ${version}, this library needs ${needed}` : 'has older functions than this library'}`,
          mend: `npx fencepost migrate${named}`,
        }
      case 'too new':
        return {
          level: 'danger',
          what: `schema "${schema}" has version ${version}, with which this library (${needed}) cannot work`,
          mend: 'npm install fencepost@latest',
        }
    }
  },
}
