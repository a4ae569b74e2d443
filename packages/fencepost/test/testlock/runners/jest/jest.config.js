export default { testMatch: ['**/*.fixture.js'], transform: {}, watchman: false, haste: { enableSymlinks: false } }
