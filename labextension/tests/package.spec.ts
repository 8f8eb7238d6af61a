import { dependencies, jupyterlab } from '../package.json';

describe('the package', () => {
  it('takes packages of JupyterLab in every version that it depends on, and not only in that it was built with', () => {
    const wanted = Object.entries(dependencies).filter(([name]) => name.startsWith('@jupyterlab/'));
    expect(jupyterlab.sharedPackages).toMatchObject(
      Object.fromEntries(wanted.map(([name, requiredVersion]) => [name, { requiredVersion }]))
    );
  });

  it('depends on those of JupyterLab 4.0', () => {
    const tooNew = Object.entries(dependencies).filter(
      ([name, version]) => name.startsWith('@jupyterlab/') && !/^\^\d+\.0\.0$/.test(version)
    );
    expect(tooNew).toEqual([]);
  });
});
