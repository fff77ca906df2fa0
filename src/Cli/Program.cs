using CaffeActors.Cli;

return await CommandLine.RunAsync(args, Terminal.System());
