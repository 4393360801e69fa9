Console.WriteLine($"Hello from .NET {Environment.Version}, arguments: [{string.Join(", ", args)}]");
