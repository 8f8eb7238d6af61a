/**
 * Leaves style sheets what they are, one minified file that the page links. JupyterLab's builder would make JavaScript of
 * them, with the code that puts it into the page.
 */
class StyleSheets {
  apply({ options: { module } }) {
    module.rules = module.rules.filter(({ test }) => !test?.test('index.css'));
    module.rules.push({ test: /\.css$/, type: 'css/global' });
  }
}

/** Has scripts minified for browsers of today, functions as arrows where nothing tells: none of them is called with `new`. */
class Minified {
  apply({ options: { optimization }, rspack: { LightningCssMinimizerRspackPlugin, SwcJsMinimizerRspackPlugin } }) {
    const compress = { ecma: 2022, passes: 3, unsafe_arrows: true };
    optimization.minimizer = [
      new SwcJsMinimizerRspackPlugin({ minimizerOptions: { compress } }),
      new LightningCssMinimizerRspackPlugin()
    ];
  }
}

/** What the builder says of each shared package besides what it is called and which version is wanted. */
const SAID = ['shareScope', 'import', 'strictVersion', 'singleton', 'eager', 'fallback', 'treeShakingMode'];

/**
 * Writes into the code that loads shared packages, once, what it is told of each of them alike: that JupyterLab has the only
 * copy, say. The minifier then leaves out what is for packages of other kinds.
 */
class SharedPackages {
  apply({ hooks }) {
    hooks.compilation.tap('SharedPackages', ({ hooks }) =>
      hooks.runtimeModule.tap('SharedPackages', ({ name, source }) => {
        if (name === 'consumes_loading') {
          source.source = Buffer.from(SAID.reduce(sayOnce, String(source.source)));
        }
      })
    );
  }
}

function sayOnce(code, property) {
  const said = RegExp(`\\b${property}: ([^,}]+)[, ]+`, 'g');
  const [value, ...others] = new Set([...code.matchAll(said)].map(([, value]) => value.trim()));
  return others.length > 0 ? code : code.replaceAll(said, '').replaceAll(`data.${property}`, value);
}

module.exports = { plugins: [new StyleSheets(), new Minified(), new SharedPackages()] };
