import { Eye, EyeOff } from "lucide-react";
import { useState, type InputHTMLAttributes, type Ref } from "react";
import { IconButton } from "./button";
import { Input } from "./form";

/** A password, which can be looked at. */
export function PasswordInput(props: Omit<InputHTMLAttributes<HTMLInputElement>, "type" | "className"> & { ref?: Ref<HTMLInputElement> }) {
  const [shown, setShown] = useState(false);
  return (
    <div className="relative">
      <Input {...props} type={shown ? "text" : "password"} autoCapitalize="off" autoCorrect="off" spellCheck={false} className="w-full pr-9" />
      <IconButton icon={shown ? EyeOff : Eye} label={shown ? "Hide the password" : "Show the password"} aria-pressed={shown} size="sm" className="absolute top-1 right-1" onClick={() => setShown(!shown)} />
    </div>
  );
}
