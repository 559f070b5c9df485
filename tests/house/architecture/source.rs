//! What a source file reaches for: the paths that it names and the methods that it calls, tests left out.

use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, UseTree};

/// A source file, read.
#[derive(Debug, Default)]
pub(crate) struct Source {
    /// Its path below `src`, with `/`.
    pub(crate) file: String,
    /// Every path that it names, from the crate's root or from another crate's.
    pub(crate) paths: Vec<Vec<String>>,
    /// Every method that it calls.
    pub(crate) methods: Vec<String>,
    /// Every field of a field that it reads, `streams.stdout` say.
    pub(crate) fields: Vec<(String, String)>,
    /// Every text in it.
    pub(crate) texts: Vec<String>,
    /// Every environment variable that it reads by a name written there.
    pub(crate) variables: Vec<String>,
    /// The modules that it declares for tests alone.
    pub(crate) test_modules: Vec<Vec<String>>,
}

impl Source {
    /// Reads a file's text.
    pub(crate) fn read(file: &str, text: &str) -> Self {
        let parsed = syn::parse_file(text).unwrap_or_else(|error| panic!("{file}: {error}"));
        let mut reader = Reader { module: module_of(file), source: Self { file: file.to_owned(), ..Self::default() } };
        reader.visit_file(&parsed);
        reader.source
    }

    /// The module that it is, from the crate's root.
    pub(crate) fn module(&self) -> Vec<String> {
        module_of(&self.file)
    }

    /// The top-level module that it is a part of; `lib` and `main` are their own.
    pub(crate) fn top(&self) -> String {
        self.file.split('/').next().unwrap_or_default().trim_end_matches(".rs").to_owned()
    }

    /// The paths into this crate, without `crate`.
    pub(crate) fn own_paths(&self) -> impl Iterator<Item = &[String]> {
        self.paths.iter().filter(|path| path[0] == "crate").map(|path| &path[1..])
    }

    /// Whether it names something by a path that begins, or ends, so.
    pub(crate) fn names(&self, wanted: &str) -> bool {
        let wanted: Vec<&str> = wanted.split("::").collect();
        self.paths.iter().any(|path| {
            path.iter().map(String::as_str).collect::<Vec<_>>().windows(wanted.len()).any(|part| part == wanted)
        })
    }
}

fn module_of(file: &str) -> Vec<String> {
    let mut parts: Vec<String> =
        Path::new(file).with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if matches!(parts.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        parts.pop();
    }
    parts
}

struct Reader {
    /// Where we are, inline modules included.
    module: Vec<String>,
    source: Source,
}

impl Reader {
    /// A path as it is written, from the root.
    fn name(&mut self, written: Vec<String>) {
        let mut at = self.module.clone();
        let mut rest = written.into_iter().peekable();
        let mut is_relative = false;
        while let Some(first) = rest.peek().cloned() {
            match first.as_str() {
                "crate" => (at, is_relative) = (Vec::new(), true),
                "self" => is_relative = true,
                "super" => {
                    at.pop();
                    is_relative = true;
                }
                _ => break,
            }
            rest.next();
        }
        let mut path: Vec<String> = Vec::new();
        if is_relative {
            path.push("crate".to_owned());
            path.append(&mut at);
        }
        path.extend(rest);
        if !path.is_empty() {
            self.source.paths.push(path);
        }
    }

    fn import(&mut self, tree: &UseTree, before: &[String]) {
        let with = |name: String| before.iter().cloned().chain([name]).collect::<Vec<_>>();
        match tree {
            UseTree::Path(path) => self.import(&path.tree, &with(path.ident.to_string())),
            UseTree::Name(name) => self.name(with(name.ident.to_string())),
            UseTree::Rename(rename) => self.name(with(rename.ident.to_string())),
            UseTree::Glob(_) => self.name(before.to_vec()),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(tree, before)),
        }
    }

    /// What a macro is given is no syntax tree: paths and calls are found by their signs.
    fn tokens(&mut self, stream: TokenStream) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        let text = |index: usize| tokens.get(index).map(ToString::to_string).unwrap_or_default();
        let mut index = 0;
        while index < tokens.len() {
            match &tokens[index] {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(ident) => {
                    if index > 0 && text(index - 1) == "." {
                        self.source.methods.push(ident.to_string());
                        if index > 2 {
                            self.source.fields.push((text(index - 2), ident.to_string()));
                        }
                    }
                    let mut path = vec![ident.to_string()];
                    while text(index + 1) == ":"
                        && text(index + 2) == ":"
                        && matches!(tokens.get(index + 3), Some(TokenTree::Ident(_)))
                    {
                        path.push(text(index + 3));
                        index += 3;
                    }
                    if path.len() > 1 {
                        self.name(path);
                    }
                }
                _ => {}
            }
            index += 1;
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Const(item) => &item.attrs,
            Item::Enum(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Macro(item) => &item.attrs,
            Item::Mod(item) => &item.attrs,
            Item::Static(item) => &item.attrs,
            Item::Struct(item) => &item.attrs,
            Item::Trait(item) => &item.attrs,
            Item::Type(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !attributes.iter().any(is_for_tests) {
            return visit::visit_item(self, item);
        }
        if let Item::Mod(module) = item {
            let mut path = self.module.clone();
            path.push(module.ident.to_string());
            self.source.test_modules.push(path);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        self.module.push(module.ident.to_string());
        visit::visit_item_mod(self, module);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.import(&item.tree, &[]);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.name(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.source.methods.push(call.method.to_string());
        let is_env = match &*call.receiver {
            syn::Expr::Field(field) => matches!(&field.member, syn::Member::Named(name) if name == "env"),
            syn::Expr::Path(path) => path.path.is_ident("env"),
            _ => false,
        };
        if let (true, Some(syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(name), .. }))) = (is_env, call.args.first())
        {
            self.source.variables.push(name.value());
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.source.texts.push(text.value());
    }

    fn visit_expr_field(&mut self, field: &'ast syn::ExprField) {
        if let (syn::Expr::Field(base), syn::Member::Named(name)) = (&*field.base, &field.member)
            && let syn::Member::Named(base) = &base.member
        {
            self.source.fields.push((base.to_string(), name.to_string()));
        }
        visit::visit_expr_field(self, field);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.visit_path(&call.path);
        self.tokens(call.tokens.clone());
    }
}

/// `#[cfg(test)]`, alone or with more beside it.
fn is_for_tests(attribute: &Attribute) -> bool {
    let syn::Meta::List(list) = &attribute.meta else { return false };
    let words: Vec<String> = list.tokens.clone().into_iter().map(|token| token.to_string()).collect();
    list.path.is_ident("cfg")
        && (words == ["test"] || (words.len() == 2 && words[0] == "all" && words[1].contains("test")))
}
