global using Xenolith.Bed;
global using Xunit;
