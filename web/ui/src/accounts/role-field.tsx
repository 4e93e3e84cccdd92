import { rolesUpTo, roleSays } from "./roles";
import type { Role } from "@/lib/session";
import { Field, Select } from "@/ui/form";

/** Chooses a role, of those up to one's own. */
export function RoleField({ role, onChange, most = "admin" }: { role: Role; onChange: (role: Role) => void; most?: Role }) {
  return (
    <Field label="Role" hint={`${roleSays[role]}.`}>
      {(control) => (
        <Select {...control} value={role} onChange={(e) => onChange(e.target.value as Role)} className="w-full">
          {rolesUpTo(most).map((r) => (
            <option key={r} value={r}>
              {r}
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
}
