// A plugin of clang-tidy: its checks look at what the tree itself declares and not at the system's
// headers, which clang-tidy 16 walks through as well, only to hide what it finds there. clangd
// narrows the walk in the same way.
#include <clang-tidy/ClangTidyCheck.h>
#include <clang-tidy/ClangTidyModule.h>
#include <clang-tidy/ClangTidyModuleRegistry.h>

#include <vector>

#include <clang/AST/ASTContext.h>
#include <clang/Basic/SourceManager.h>

namespace {

using namespace clang;

class OwnCodeOnly : public tidy::ClangTidyCheck {
 public:
  using ClangTidyCheck::ClangTidyCheck;

  void registerMatchers(ast_matchers::MatchFinder* finder) override {
    finder->addMatcher(ast_matchers::translationUnitDecl().bind("unit"), this);
  }

  // The unit is matched before its children are walked.
  void check(const ast_matchers::MatchFinder::MatchResult& found) override {
    const SourceManager& sources = *found.SourceManager;
    std::vector<Decl*> own;
    for (Decl* declaration : found.Context->getTranslationUnitDecl()->decls()) {
      const SourceLocation place = sources.getExpansionLoc(declaration->getLocation());
      if (place.isValid() && !sources.isInSystemHeader(place)) own.push_back(declaration);
    }
    found.Context->setTraversalScope(own);
  }
};

class OwnCodeModule : public tidy::ClangTidyModule {
 public:
  void addCheckFactories(tidy::ClangTidyCheckFactories& factories) override {
    factories.registerCheck<OwnCodeOnly>("rayctl-own-code-only");
  }
};

const tidy::ClangTidyModuleRegistry::Add<OwnCodeModule> kModule("rayctl", "Limits what is walked.");

}  // namespace
